package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.shard.CloudEventsJson;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A parameter that takes a time, or how long ago. */
final class Since {
    private static final Pattern AGO = Pattern.compile("(\\d{1,8})(ms|s|m|h|d)");

    private Since() {}

    /** Whether it is meant as one: a cursor has no colon. */
    static boolean isMeant(String text) {
        return text.indexOf(':') > 0 || AGO.matcher(text).matches();
    }

    /** As µs since 1970 UTC. */
    static long micros(String parameter, String text, long nowMicros) {
        Matcher ago = AGO.matcher(text);
        if (ago.matches()) {
            return Math.max(0, nowMicros - Long.parseLong(ago.group(1)) * unitMicros(ago.group(2)));
        }
        try {
            // a + of the zone that came unescaped has become a space
            return CloudEventsJson.micros(text.replace(' ', '+'));
        } catch (Failure malformed) {
            throw Query.invalid(
                    "found " + parameter + "=" + Query.shown(text)
                            + ", expected an RFC 3339 time such as 2026-01-31T12:00:00Z or a duration such as 500ms, 10m, 2h, 1d");
        }
    }

    /** How long a duration is, -1 when it is none. */
    static long millis(String text) {
        Matcher duration = AGO.matcher(text);
        return duration.matches() ? Long.parseLong(duration.group(1)) * unitMicros(duration.group(2)) / 1_000 : -1;
    }

    private static long unitMicros(String unit) {
        return switch (unit) {
            case "ms" -> 1_000L;
            case "s" -> 1_000_000L;
            case "m" -> 60_000_000L;
            case "h" -> 3_600_000_000L;
            default -> 86_400_000_000L;
        };
    }
}
