package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;

/** A time on the command line: RFC 3339, or how long ago. */
final class GivenTime {
    private static final Pattern AGO = Pattern.compile("(\\d{1,8})(ms|s|m|h|d)");

    private GivenTime() {}

    /** Whether it is meant as one: a cursor has no colon. */
    static boolean isMeant(String text) {
        return text.indexOf(':') > 0 || AGO.matcher(text).matches();
    }

    /** INVALID_REQUEST names the option. */
    static Instant of(String option, String text) {
        var ago = AGO.matcher(text);
        if (ago.matches()) {
            long amount = Long.parseLong(ago.group(1));
            return Instant.now()
                    .minus(
                            switch (ago.group(2)) {
                                case "ms" -> Duration.ofMillis(amount);
                                case "s" -> Duration.ofSeconds(amount);
                                case "m" -> Duration.ofMinutes(amount);
                                case "h" -> Duration.ofHours(amount);
                                default -> Duration.ofDays(amount);
                            });
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException malformed) {
            throw Failure.of(
                            Failure.Kind.INVALID_REQUEST,
                            "found " + option + " '" + text
                                    + "', expected a duration such as 10m or a time such as 2026-01-31T10:00:00Z")
                    .with("code", "usage")
                    .with("next", "sluice tail --help and sluice projections rows --help have examples");
        }
    }
}
