package dev.sluice.projection;

import dev.sluice.expression.Expression;
import dev.sluice.log.StreamName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A projection as it was defined. Equal definitions fold equally.
 *
 * @param key of every clause that has none of its own
 * @param columns in the order in which the definition names them first
 * @param derived computed when a row is read, each from columns and those before it
 * @param clauses one for each event type
 */
record Definition(
        String name,
        From from,
        Key key,
        @Nullable Expression where,
        List<Column> columns,
        List<Derived> derived,
        List<Clause> clauses) {
    /** Which events it is about; platform streams never are. */
    record From(Kind kind, List<String> names) {
        enum Kind {
            ALL,
            CATEGORIES,
            STREAM,
            TYPES
        }

        boolean includes(String type, String stream) {
            return switch (kind) {
                case ALL -> !StreamName.isPlatform(stream);
                case TYPES -> names.contains(type) && !StreamName.isPlatform(stream);
                case STREAM -> names.get(0).equals(stream);
                case CATEGORIES -> isInCategory(stream);
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
    }

    /** {@code parts} empty: the stream's key. {@code isComposite}: parts are escaped and joined. */
    record Key(List<Expression> parts, boolean isComposite) {
        static final Key OF_STREAM = new Key(List.of(), false);
    }

    /** {@code size}: most values of a list, 0 for other aggregates. */
    record Column(String name, Aggregate aggregate, int size) {}

    record Derived(String name, Expression expression) {}

    /** A list of the event, each element of which is folded on its own under a name. */
    record Each(Expression list, String variable) {}

    /** What an event type does; {@code key} null: the definition's; {@code each} null: the event is folded once. */
    record Clause(String type, @Nullable Key key, @Nullable Each each, List<Assignment> assignments) {
        Key keyOr(Key other) {
            return key == null ? other : key;
        }

        /** The names that expressions of the clause may use beside the event's. */
        List<String> variables() {
            return each == null ? List.of() : List.of(each.variable());
        }
    }

    /** One column's change: its index and the aggregate's argument, null for count. */
    record Assignment(int column, @Nullable Expression argument) {}
}
