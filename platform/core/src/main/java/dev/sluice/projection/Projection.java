package dev.sluice.projection;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Definition.From;
import dev.sluice.projection.definition.DefinitionFile;
import io.vertx.core.Future;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A projection written in Java: folds that take an event and the row it is for to the row as it is after the event. Rows are
 * records, their components the columns. What the folds are given is all they may depend on: they are run again when a generation
 * is rebuilt, on several threads at once, and must come to the same rows. What one throws makes the event a dead letter.
 *
 * <p>Whoever changes a fold raises the version: a new generation is built beside the live one.
 *
 * @param <R> the record whose components (boolean, int, long, BigDecimal, String, Instant, enums, their boxes, lists of these) are
 *     the columns
 */
public final class Projection<R extends Record> {
    private final String name;
    private final int version;
    private final RowType<R> rowType;
    private final Map<String, Fold<R>> folds;
    private final Function<ProjectedEvent, ? extends Collection<String>> keys;
    private final Map<String, Answering<R, ?>> queries;
    private final DefinitionFile.Written written;

    private Projection(Builder<R> builder) {
        name = builder.name;
        version = builder.version;
        rowType = builder.rowType;
        folds = Map.copyOf(builder.folds);
        keys = builder.keys;
        queries = Map.copyOf(builder.queries);
        written = DefinitionFile.read(builder.text(), "projection in Java").get(0);
    }

    /** Begins one. DEFINITION_INVALID when the record has a component that no column can hold. */
    public static <R extends Record> Builder<R> of(String name, Class<R> row) {
        return new Builder<>(name, RowType.of(row));
    }

    public String name() {
        return name;
    }

    public int version() {
        return version;
    }

    RowType<R> rowType() {
        return rowType;
    }

    Fold<R> fold(String type) {
        var fold = folds.get(type);
        if (fold == null) {
            throw new IllegalArgumentException("found no fold of " + type + ", expected one: the definition names it");
        }
        return fold;
    }

    /** The keys of an event's rows. */
    Collection<String> keys(ProjectedEvent event) {
        return keys.apply(event);
    }

    Map<String, Answering<R, ?>> queries() {
        return queries;
    }

    /** What the log keeps of it: all but the code. */
    DefinitionFile.Written written() {
        return written;
    }

    /** What an event does to a row. */
    @FunctionalInterface
    public interface Fold<R extends Record> {
        /**
         * The row after the event, null to delete it; the row itself when it is as before.
         *
         * @param row null when there is none yet
         */
        @Nullable
        R fold(ProjectedEvent event, @Nullable R row) throws Exception;
    }

    /** Answers questions by reading rows. Called on an event loop, which must not wait. */
    @FunctionalInterface
    public interface QueryHandler<R extends Record, Q, A> {
        Future<A> answer(Q question, Queries<R> rows);
    }

    /** A query handler and what it is asked. */
    record Answering<R extends Record, Q>(Class<Q> question, QueryHandler<R, Q, ?> handler) {
        Future<?> answer(Object asked, Queries<R> rows) {
            if (!question.isInstance(asked)) {
                throw Failure.of(
                        Failure.Kind.INVALID_REQUEST,
                        "found a " + asked.getClass().getName() + ", expected a " + question.getName());
            }
            return handler.answer(question.cast(asked), rows);
        }
    }

    /** What a projection in Java is made of. */
    public static final class Builder<R extends Record> {
        private final String name;
        private final RowType<R> rowType;
        private final Map<String, Fold<R>> folds = new TreeMap<>();
        private final Map<String, Answering<R, ?>> queries = new LinkedHashMap<>();
        private int version = 1;
        private @Nullable From from;
        private Function<ProjectedEvent, ? extends Collection<String>> keys = event -> List.of(event.key());
        private List<String> orders = List.of();

        private Builder(String name, RowType<R> rowType) {
            this.name = name;
            this.rowType = rowType;
        }

        /** To be raised whenever a fold, the key or the record changes; 1 unless it is said. */
        public Builder<R> version(int number) {
            version = number;
            return this;
        }

        /** All events but the platform's. */
        public Builder<R> fromAll() {
            return from(From.Kind.ALL);
        }

        public Builder<R> fromCategories(String... categories) {
            return from(From.Kind.CATEGORIES, categories);
        }

        public Builder<R> fromStream(String stream) {
            return from(From.Kind.STREAM, stream);
        }

        public Builder<R> fromTypes(String... types) {
            return from(From.Kind.TYPES, types);
        }

        /** Events that have one of these tags: {@code customer:77}. */
        public Builder<R> fromTags(String... tags) {
            return from(From.Kind.TAGS, tags);
        }

        private Builder<R> from(From.Kind kind, String... names) {
            from = new From(kind, List.of(names));
            return this;
        }

        /** The key of an event's row; the stream's key unless it is said. */
        public Builder<R> key(Function<ProjectedEvent, String> key) {
            return keys(event -> Arrays.asList(key.apply(event)));
        }

        /** The keys of all rows that an event is for: it is folded into each of them or, when one fold throws, into none. */
        public Builder<R> keys(Function<ProjectedEvent, ? extends Collection<String>> keysOfEvent) {
            keys = keysOfEvent;
            return this;
        }

        /** Orders of the rows that are kept: {@code gross} or {@code gross desc}. */
        public Builder<R> index(String... columns) {
            orders = List.of(columns);
            return this;
        }

        /** What events of a type do to a row. */
        public Builder<R> on(String type, Fold<R> fold) {
            if (folds.put(type, fold) != null) {
                throw invalid("found a second fold of " + type + ", expected one");
            }
            return this;
        }

        /**
         * Answers a {@link Query} to the address {@code query.PROJECTION.NAME} of the bus with an {@link Answer}.
         *
         * @param question of {@link Query#question}
         */
        public <Q> Builder<R> query(String query, Class<Q> question, QueryHandler<R, Q, ?> handler) {
            if (queries.put(query, new Answering<>(question, handler)) != null) {
                throw invalid("found a second query " + query + ", expected one");
            }
            return this;
        }

        /** DEFINITION_INVALID names the part of the definition that is wrong. */
        public Projection<R> build() {
            return new Projection<>(this);
        }

        private Failure invalid(String problem) {
            return Failure.of(Failure.Kind.DEFINITION_INVALID, "projection " + name + ": " + problem);
        }

        /** The definition, always the same for equal ones. */
        private String text() {
            var text = new StringBuilder("projection: " + quoted(name) + "\njava: { version: " + version + " }\n");
            if (from != null) {
                String names = from.kind() == From.Kind.STREAM
                        ? quoted(from.names().get(0))
                        : from.kind() == From.Kind.ALL ? "true" : list(from.names());
                text.append("from: { " + from.kind().name().toLowerCase(Locale.ROOT) + ": " + names + " }\n");
            }
            text.append("fold: " + list(folds.keySet()) + "\n");
            text.append(rowType.columns().stream()
                    .map(column -> column.name() + ": "
                            + (column.isList()
                                    ? "[ " + column.kind().word() + " ]"
                                    : column.kind().word()))
                    .collect(Collectors.joining(", ", "columns: { ", " }\n")));
            return text.append(orders.isEmpty() ? "" : "index: " + list(orders) + "\n")
                    .toString();
        }

        private static String list(Collection<String> names) {
            return names.stream().map(Builder::quoted).collect(Collectors.joining(", ", "[ ", " ]"));
        }

        private static String quoted(String text) {
            return text.matches("(?!(?i:null)$)[A-Za-z][A-Za-z0-9_-]*( desc)?")
                    ? text
                    : "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + "\"";
        }
    }
}
