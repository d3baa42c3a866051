package dev.sluice.server.gateway.wire;

import dev.sluice.log.Failure;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A path with variables, such as {@code /v1/streams/{stream}}; a variable is one segment, percent-encoded, perhaps empty. */
public record Template(String text) {
    /** For the router, over the path as it came: an escaped slash stays inside its segment. */
    public String regex() {
        return Stream.of(text.split("/", -1))
                .map(part -> isVariable(part) ? "[^/]*" : Pattern.quote(part))
                .collect(Collectors.joining("/"));
    }

    /** The decoded variables of a path that fits. */
    public Map<String, String> variables(String path) {
        String[] parts = text.split("/", -1);
        String[] segments = path.split("/", -1);
        var variables = new LinkedHashMap<String, String>();
        for (int i = 0; i < parts.length; i++) {
            if (isVariable(parts[i])) {
                String name = parts[i].substring(1, parts[i].length() - 1);
                variables.put(
                        name,
                        Percent.decode(segments[i], false, Failure.Kind.INVALID_REQUEST, "the path's {" + name + "}"));
            }
        }
        return variables;
    }

    private static boolean isVariable(String part) {
        return part.startsWith("{");
    }
}
