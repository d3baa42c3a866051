package dev.sluice.expression;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the functions do with strings. */
final class Texts {
    private static final int SHORT = 32;
    private static final int MAX_DURATION_CHARACTERS = 100;
    private static final BigDecimal NANOS = BigDecimal.valueOf(1_000_000_000);
    /** 10,000 years, CEL's bound. */
    private static final BigDecimal MAX_SECONDS = BigDecimal.valueOf(315_576_000_000L);

    private static final Map<String, BigDecimal> UNITS = Map.of(
            "h", new BigDecimal(3600),
            "m", new BigDecimal(60),
            "s", BigDecimal.ONE,
            "ms", new BigDecimal("1e-3"),
            "us", new BigDecimal("1e-6"),
            "µs", new BigDecimal("1e-6"),
            "ns", new BigDecimal("1e-9"));

    private Texts() {}

    /** Whether a text contains another, in linear time: by Knuth, Morris and Pratt where the part is long. */
    static boolean contains(String text, String part) {
        if (part.length() <= SHORT || part.length() > text.length()) {
            return text.contains(part);
        }
        int[] borders = borders(part);
        int matched = 0;
        for (int i = 0; i < text.length(); i++) {
            matched = extended(part, borders, matched, text.charAt(i));
            if (matched == part.length()) {
                return true;
            }
        }
        return false;
    }

    /** For each beginning of a part, how long its longest proper end is that is a beginning too. */
    private static int[] borders(String part) {
        int[] borders = new int[part.length() + 1];
        for (int i = 1; i < part.length(); i++) {
            borders[i + 1] = extended(part, borders, borders[i], part.charAt(i));
        }
        return borders;
    }

    private static int extended(String part, int[] borders, int matched, char next) {
        int length = matched;
        while (length > 0 && (length == part.length() || part.charAt(length) != next)) {
            length = borders[length];
        }
        return part.charAt(length) == next ? length + 1 : length;
    }

    /** Reads CEL's durations: numbers with the units h, m, s, ms, us, ns, such as {@code -1h30m} or {@code 1.5s}; null for others. */
    static @Nullable Duration duration(String text) {
        int at = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
        if (at == text.length() || text.length() > MAX_DURATION_CHARACTERS) {
            return null;
        }
        var seconds = BigDecimal.ZERO;
        while (at < text.length()) {
            int unit = skip(text, at, true);
            int end = skip(text, unit, false);
            var factor = UNITS.get(text.substring(unit, end));
            var number = text.substring(at, unit);
            boolean isNumber =
                    !number.isEmpty() && !number.equals(".") && number.indexOf('.') == number.lastIndexOf('.');
            if (factor == null || !isNumber) {
                return null;
            }
            seconds = seconds.add(new BigDecimal(number).multiply(factor));
            at = end;
        }
        if (seconds.compareTo(MAX_SECONDS) > 0) {
            return null;
        }
        var whole = seconds.toBigInteger().longValue();
        long nanos = seconds.subtract(BigDecimal.valueOf(whole)).multiply(NANOS).longValue();
        var duration = Duration.ofSeconds(whole, nanos);
        return text.startsWith("-") ? duration.negated() : duration;
    }

    private static int skip(String text, int from, boolean isNumber) {
        int at = from;
        while (at < text.length()
                && isNumber == (text.charAt(at) >= '0' && text.charAt(at) <= '9' || text.charAt(at) == '.')) {
            at++;
        }
        return at;
    }
}
