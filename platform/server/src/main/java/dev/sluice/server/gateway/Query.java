package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.server.gateway.wire.Percent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The parameters of a request: each known, each given once. Everything else is INVALID_REQUEST. */
final class Query {
    static final int DEFAULT_LIMIT = 100;
    static final int MAX_LIMIT = 1_000;
    private static final int MAX_SHOWN = 64;

    private final Map<String, String> values;

    private Query(Map<String, String> values) {
        this.values = values;
    }

    /** Reads {@code name=value&…}, percent-encoded, {@code +} for a space; null and empty are no parameters. */
    static Query parse(@Nullable String raw, Set<String> known) {
        var values = new LinkedHashMap<String, String>();
        if (raw == null || raw.isEmpty()) {
            return new Query(values);
        }
        for (String part : raw.split("&", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            int equals = part.indexOf('=');
            String name = decode(equals < 0 ? part : part.substring(0, equals), "a parameter's name");
            if (!known.contains(name)) {
                throw invalid("found unknown parameter '" + shown(name) + "', expected "
                        + (known.isEmpty() ? "none" : String.join(", ", new TreeSet<>(known))));
            }
            String value = decode(equals < 0 ? "" : part.substring(equals + 1), "parameter " + name);
            if (values.put(name, value) != null) {
                throw invalid("found parameter '" + name + "' twice, expected it once");
            }
        }
        return new Query(values);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    @Nullable
    String text(String name) {
        return values.get(name);
    }

    /** A parameter that means nothing when it is empty. */
    @Nullable
    String filled(String name) {
        String value = values.get(name);
        if (value != null && value.isEmpty()) {
            throw invalid("found parameter '" + name + "' without a value, expected one");
        }
        return value;
    }

    int limit() {
        return (int) number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    }

    long number(String name, long absent, long least, long most) {
        String value = values.get(name);
        if (value == null) {
            return absent;
        }
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // told below, with what was expected
        }
        throw invalid("found " + name + "=" + shown(value) + ", expected a whole number from " + least
                + (most == Long.MAX_VALUE ? "" : " to " + most));
    }

    /** A duration such as 500ms, 10s, 1m, in milliseconds. */
    long millis(String name, long absent, long most) {
        String value = filled(name);
        if (value == null) {
            return absent;
        }
        long millis = Since.millis(value);
        if (millis < 0 || millis > most) {
            throw invalid("found " + name + "=" + shown(value) + ", expected a duration such as 500ms or 10s, at most "
                    + most / 1_000 + "s");
        }
        return millis;
    }

    /** The names of parameters, whatever they are. */
    static Set<String> names(@Nullable String raw) {
        return raw == null
                ? Set.of()
                : Arrays.stream(raw.split("&", -1))
                        .map(part -> part.contains("=") ? part.substring(0, part.indexOf('=')) : part)
                        .collect(Collectors.toSet());
    }

    boolean flag(String name) {
        return oneOf(name, List.of("false", "true")).equals("true");
    }

    /** One of some words; the first when absent. */
    String oneOf(String name, List<String> words) {
        String value = values.getOrDefault(name, words.get(0));
        if (!words.contains(value)) {
            throw invalid("found " + name + "=" + shown(value) + ", expected " + String.join(" or ", words));
        }
        return value;
    }

    /** Refuses parameters that have no meaning together with {@code reason}. */
    void without(String reason, String... names) {
        Arrays.stream(names).filter(this::has).findFirst().ifPresent(name -> {
            throw invalid("found parameter '" + name + "' " + reason + ", expected none");
        });
    }

    static Failure invalid(String message) {
        return Failure.of(Kind.INVALID_REQUEST, message);
    }

    static String shown(String text) {
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
    }

    private static String decode(String raw, String what) {
        return Percent.decode(raw, true, Kind.INVALID_REQUEST, what);
    }
}
