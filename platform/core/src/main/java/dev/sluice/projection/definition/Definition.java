package dev.sluice.projection.definition;

import dev.sluice.expression.Expression;
import dev.sluice.expression.Variable;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A projection as it was defined. Equal definitions fold equally.
 *
 * @param javaVersion of the Java code that folds it, 0: its expressions do
 * @param carried what is remembered of each source stream
 * @param key of every clause that has none of its own
 * @param retainMicros how long after its last event (with a window: after the window's end) a row is kept; 0: for ever
 * @param columns in the order in which the definition names them first
 * @param derived computed when a row is read, each from columns and those before it
 * @param clauses one for each event type
 */
public record Definition(
        String name,
        int javaVersion,
        From from,
        List<Carried> carried,
        @Nullable Window window,
        Key key,
        @Nullable Expression where,
        long retainMicros,
        List<Column> columns,
        List<Derived> derived,
        List<Index> indexes,
        @Nullable Alert alert,
        List<Clause> clauses) {
    private static final String CARRY = "carry";
    private static final String WINDOW = "window";
    private static final String TAGS = "tags";

    /** Which events it is about; of platform streams only {@code $mesh}, and only when it is named. */
    public record From(Kind kind, List<String> names) {
        public enum Kind {
            ALL,
            CATEGORIES,
            STREAM,
            TYPES,
            TAGS
        }

        public boolean includes(RecordedEvent event, String type) {
            String stream = event.stream();
            return switch (kind) {
                case ALL -> !StreamName.isPlatform(stream);
                case TYPES -> names.contains(type) && !StreamName.isPlatform(stream);
                case STREAM -> names.get(0).equals(stream);
                case CATEGORIES -> isInCategory(stream);
                case TAGS ->
                    !StreamName.isPlatform(stream)
                            && isTagged(event.attributes().get(TAGS));
            };
        }

        private boolean isInCategory(String stream) {
            for (int i = 0; i < names.size(); i++) {
                String category = names.get(i);
                if (stream.startsWith(category)
                        && (stream.length() == category.length() || stream.charAt(category.length()) == '-')) {
                    return true;
                }
            }
            return false;
        }

        private boolean isTagged(@Nullable Object tags) {
            return tags instanceof String text && Arrays.stream(text.split(",")).anyMatch(names::contains);
        }
    }

    /** A value that every event of a type leaves for the later ones of its stream: {@code carry.NAME}. */
    public record Carried(String name, String type, Expression value) {}

    /** Windows of event time. An event recorded later than {@code graceMicros} after its time is late; −1: none is. */
    public record Window(Tumbling tumbling, long graceMicros) {}

    /** {@code parts} empty: the stream's key. {@code isComposite}: parts are escaped and joined. */
    public record Key(List<Expression> parts, boolean isComposite) {
        static final Key OF_STREAM = new Key(List.of(), false);
    }

    /** A column that is stored. */
    public sealed interface Column {
        String name();

        /** The cell of a row that no event has reached. */
        @Nullable
        Object empty();

        /** Whether readers see a list. */
        boolean isList();
    }

    /** What events add up to; {@code size}: most values of a list, 0 for other aggregates. */
    public record Aggregated(String name, Aggregate aggregate, int size) implements Column {
        @Override
        public @Nullable Object empty() {
            return aggregate.empty();
        }

        @Override
        public boolean isList() {
            return aggregate.isList();
        }
    }

    /** What Java code says: a value of a kind, or a list of them. */
    public record Typed(String name, Kind kind, boolean isList) implements Column {
        /** In each cell of a row that is not there. */
        public static final Object NO_ROW = new Object();

        public enum Kind {
            BOOLEAN,
            INTEGER,
            NUMBER,
            TEXT,
            TIME;

            /** The name in definitions. */
            public String word() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        @Override
        public Object empty() {
            return NO_ROW;
        }
    }

    public record Derived(String name, Expression expression) {}

    /** An order of the rows that is kept: by a column, then by key (ascending). */
    public record Index(String column, boolean isDescending) {
        @Override
        public String toString() {
            return column + (isDescending ? " desc" : "");
        }
    }

    /** An event that is appended each time that a row comes to meet a condition. */
    public record Alert(Expression when, String type, RowText stream) {}

    /** A list of the event, each element of which is folded on its own under a name. */
    public record Each(Expression list, String variable) {}

    /** What an event type does to the row or rows it is for. */
    public enum Deed {
        /** Changes columns. */
        FOLD,
        /** Deletes the row. */
        DELETE,
        /** Nothing, it only leaves values to carry. */
        NONE
    }

    /** What an event type does; {@code key} null: the definition's; {@code each} null: the event is folded once. */
    public record Clause(
            String type,
            Deed deed,
            @Nullable Key key,
            @Nullable Each each,
            List<Assignment> assignments) {
        public Key keyOr(Key other) {
            return key == null ? other : key;
        }
    }

    /** One column's change: its index and the aggregate's argument, null for count. */
    public record Assignment(
            int index, Aggregated column, @Nullable Expression argument) {}

    /** Whether Java code folds it: the one that is registered under its name and version. */
    public boolean isJava() {
        return javaVersion > 0;
    }

    boolean hasCarried() {
        return !carried.isEmpty();
    }

    /** Whether rows end some day without an event of their own. */
    public boolean expires() {
        return retainMicros > 0;
    }

    /** The names that expressions of a clause may use beside the event's, in the order in which they get their values. */
    public List<Variable> variables(@Nullable Each each) {
        return variables(carried.stream().map(Carried::name).toList(), window != null, each);
    }

    static List<Variable> variables(List<String> carried, boolean hasWindow, @Nullable Each each) {
        var variables = new ArrayList<Variable>();
        if (!carried.isEmpty()) {
            variables.add(new Variable(CARRY, carried, false));
        }
        if (hasWindow) {
            variables.add(new Variable(WINDOW, List.of("start", "end"), true));
        }
        if (each != null) {
            variables.add(Variable.of(each.variable()));
        }
        return variables;
    }
}
