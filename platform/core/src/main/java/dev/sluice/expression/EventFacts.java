package dev.sluice.expression;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.sluice.expression.EventSlots.Node;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One event at a time, its data read at most once and only when an expression asks. Where an object names a field twice, its
 * first value that is not null counts, so that reading may stop when all is found. For one thread.
 */
public final class EventFacts extends Facts {
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final int MAX_DEPTH = 200;

    private final EventSlots slots;
    private final Node root;
    private final @Nullable FieldScan scan;
    private @Nullable Reading reading;

    /** An event and what has been read of it, so that facts may turn to many in turn and read each once. For one thread. */
    public static final class Reading {
        private final RecordedEvent event;
        private @Nullable Object @Nullable [] values;
        private @Nullable String streamKey;
        private @Nullable Failure problem;

        public Reading(RecordedEvent event) {
            this.event = event;
        }

        public RecordedEvent event() {
            return event;
        }
    }

    public EventFacts(EventSlots slots) {
        this(slots, MAX_STEPS);
    }

    EventFacts(EventSlots slots, int maxSteps) {
        super(maxSteps);
        root = slots.root();
        scan = FieldScan.of(root);
        this.slots = slots;
    }

    /** Turns to an event. */
    public EventFacts of(RecordedEvent next) {
        return of(new Reading(next));
    }

    /** Turns to an event of which something may have been read already. */
    public EventFacts of(Reading other) {
        reading = other;
        return this;
    }

    /** Gives a value to one of the variables with which expressions were compiled. */
    public void variable(int index, @Nullable Object value) {
        local(index, value);
    }

    /** The key of the event's stream; the same object each time, so that its hash is computed once. */
    public String streamKey() {
        var at = reading();
        String known = at.streamKey;
        if (known == null) {
            known = StreamName.key(at.event.stream());
            at.streamKey = known;
        }
        return known;
    }

    private Reading reading() {
        if (reading == null) {
            throw new IllegalStateException("no event yet");
        }
        return reading;
    }

    RecordedEvent event() {
        return reading().event;
    }

    /** The value at a path. */
    @Nullable
    Object data(int slot) {
        var at = reading();
        var values = at.values;
        if (values == null) {
            values = new Object[slots.count()];
            at.values = values;
            read(at, values);
        }
        if (at.problem != null) {
            throw at.problem;
        }
        return values[slot];
    }

    private void read(Reading at, @Nullable Object[] values) {
        var from = at.event;
        if (from.dataLength() == 0 || !from.isJson()) {
            return;
        }
        if (scan != null && scan.read(from.dataArray(), from.dataStart(), from.dataLength(), values)) {
            return;
        }
        Arrays.fill(values, null);
        try (JsonParser parser = JSON.createParser(from.dataArray(), from.dataStart(), from.dataLength())) {
            store(parser, parser.nextToken(), root, values);
        } catch (IOException malformed) {
            at.problem = Failure.of(
                    Failure.Kind.EVALUATION_FAILED,
                    "found data at " + from.position() + " that cannot be read, expected JSON: "
                            + malformed.getMessage());
        }
    }

    /** Stores the value that begins with {@code token}; true when it is not null. */
    private boolean store(JsonParser parser, @Nullable JsonToken token, Node node, @Nullable Object[] values)
            throws IOException {
        if (token == null) {
            return false;
        }
        if (node.isWhole() && token.isStructStart()) {
            fill(node, tree(parser, token, 0), values);
            return true;
        }
        switch (token) {
            case START_OBJECT:
                values[node.slot()] = Structure.OBJECT;
                if (node.children().isEmpty()) {
                    parser.skipChildren();
                } else {
                    fields(parser, node, values);
                }
                return true;
            case START_ARRAY:
                values[node.slot()] = Structure.ARRAY;
                parser.skipChildren();
                return true;
            case VALUE_STRING:
                values[node.slot()] = parser.getText();
                return true;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT:
                values[node.slot()] = number(parser);
                return true;
            case VALUE_TRUE:
                values[node.slot()] = Boolean.TRUE;
                return true;
            case VALUE_FALSE:
                values[node.slot()] = Boolean.FALSE;
                return true;
            default:
                return false;
        }
    }

    private void fields(JsonParser parser, Node node, @Nullable Object[] values) throws IOException {
        int missing = node.children().size();
        for (var token = parser.nextToken(); token == JsonToken.FIELD_NAME; token = parser.nextToken()) {
            var child = missing == 0 ? null : node.children().get(parser.currentName());
            var value = parser.nextToken();
            if (child == null || values[child.slot()] != null) {
                parser.skipChildren();
            } else if (store(parser, value, child, values) && --missing == 0 && node == root) {
                return;
            }
        }
    }

    private static Object number(JsonParser parser) throws IOException {
        var number = Decimal.parse(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
        return number == null ? Structure.HUGE_NUMBER : number;
    }

    /** Gives a value to a path and to those below it. */
    private static void fill(Node node, Object value, @Nullable Object[] values) {
        values[node.slot()] = value;
        if (value instanceof Map<?, ?> fields) {
            node.children().forEach((name, child) -> {
                Object field = fields.get(name);
                if (field != null) {
                    fill(child, field, values);
                }
            });
        }
    }

    /** A list or an object with all that is in it: lists with their nulls, objects without. */
    private static Object tree(JsonParser parser, JsonToken start, int depth) throws IOException {
        if (depth == MAX_DEPTH) {
            throw new IOException("found more than " + MAX_DEPTH + " levels");
        }
        if (start == JsonToken.START_ARRAY) {
            var list = new ArrayList<@Nullable Object>();
            for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                list.add(value(parser, token, depth));
            }
            return list;
        }
        var fields = new LinkedHashMap<String, Object>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            Object value = value(parser, parser.nextToken(), depth);
            if (value != null) {
                fields.putIfAbsent(name, value);
            }
        }
        return fields;
    }

    private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token, int depth) throws IOException {
        if (token == null) {
            throw new IOException("found its end too early");
        }
        return switch (token) {
            case START_OBJECT, START_ARRAY -> tree(parser, token, depth + 1);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser);
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            default -> null;
        };
    }
}
