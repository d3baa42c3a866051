package dev.sluice.yaml;

import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Durations as people write them: a whole number with its unit, such as 500ms, 30s, 10m, 12h or 7d. */
public final class Durations {
    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");

    private Durations() {}

    /** In milliseconds, Long.MAX_VALUE for what is longer; empty for what is no duration. */
    public static OptionalLong millis(String text) {
        var match = WRITTEN.matcher(text);
        if (!match.matches()) {
            return OptionalLong.empty();
        }
        long unit =
                switch (match.group(2)) {
                    case "ms" -> 1;
                    case "s" -> 1_000;
                    case "m" -> 60_000;
                    case "h" -> 3_600_000;
                    default -> 86_400_000;
                };
        long count = Long.parseLong(match.group(1));
        return OptionalLong.of(count > Long.MAX_VALUE / unit ? Long.MAX_VALUE : count * unit);
    }

    /** As it would be written, in the largest unit that leaves a whole number. */
    public static String text(long millis) {
        return millis % 86_400_000 == 0
                ? millis / 86_400_000 + "d"
                : millis % 3_600_000 == 0
                        ? millis / 3_600_000 + "h"
                        : millis % 60_000 == 0
                                ? millis / 60_000 + "m"
                                : millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }
}
