package dev.sluice.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.sluice.log.Failure;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Values at some paths of JSON data, taken in the one pass that also checks that the data is JSON. A path is member names
 * joined by dots; of arrays nothing is taken. Immutable.
 */
final class DataPaths {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(200).build())
            .build();

    private final Map<String, Integer> indexes = new TreeMap<>();
    private final Node root = new Node();

    DataPaths(List<String> paths) {
        for (String path : paths) {
            if (indexes.putIfAbsent(path, indexes.size()) == null) {
                Node node = root;
                for (String name : path.split("\\.")) {
                    node = node.members.computeIfAbsent(name, made -> new Node());
                }
                node.index = indexes.get(path);
            }
        }
    }

    boolean isEmpty() {
        return indexes.isEmpty();
    }

    /** Where the value of a path stands in what {@link #pluck} gives. */
    int index(String path) {
        Integer index = indexes.get(path);
        return index == null ? -1 : index;
    }

    /** The values by {@link #index}: strings, numbers as written, booleans; null for all else. INVALID_EVENT when not one JSON value. */
    @Nullable
    String[] pluck(byte[] json) {
        var values = new @Nullable String[indexes.size()];
        try (JsonParser parser = JSON.createParser(json)) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                throw Failure.of(Failure.Kind.INVALID_EVENT, "found no data, expected one JSON value");
            }
            if (token == JsonToken.START_OBJECT) {
                members(parser, root, values);
            } else {
                parser.skipChildren();
                parser.finishToken();
            }
            if (parser.nextToken() != null) {
                throw Failure.of(Failure.Kind.INVALID_EVENT, "found more after the data, expected one JSON value");
            }
            return values;
        } catch (JsonProcessingException malformed) {
            throw Failure.of(
                    Failure.Kind.INVALID_EVENT, "found JSON that cannot be read: " + malformed.getOriginalMessage());
        } catch (IOException malformed) {
            throw Failure.of(Failure.Kind.INVALID_EVENT, "found JSON that cannot be read: " + malformed.getMessage());
        }
    }

    private static void members(JsonParser parser, Node node, @Nullable String[] values) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            Node member = node.members.get(parser.currentName());
            JsonToken token = parser.nextToken();
            if (member == null) {
                parser.skipChildren();
                parser.finishToken();
            } else if (token == JsonToken.START_OBJECT) {
                members(parser, member, values);
            } else if (token.isScalarValue() && token != JsonToken.VALUE_NULL && member.index >= 0) {
                values[member.index] = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
    }

    private static final class Node {
        private final Map<String, Node> members = new TreeMap<>();
        private int index = -1;
    }
}
