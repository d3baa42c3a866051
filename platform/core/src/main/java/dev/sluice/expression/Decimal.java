package dev.sluice.expression;

import dev.sluice.log.Failure;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * An exact decimal number: an unscaled long and a scale, a {@link BigDecimal} when that overflows. Immutable. Equal by value
 * ({@code 1.0} equals {@code 1.00}).
 *
 * <p>A number has at most {@value #MAX_DIGITS} digits before and as many after the point; a result beyond is EVALUATION_FAILED.
 */
public final class Decimal implements Comparable<Decimal> {
    public static final Decimal ZERO = new Decimal(0, 0, null);
    public static final int MAX_DIGITS = 1000;

    private static final MathContext DIVISION = new MathContext(34, RoundingMode.HALF_EVEN);
    private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigDecimal LARGEST_INDEX = BigDecimal.valueOf(Integer.MAX_VALUE);
    private static final BigDecimal EXPONENT_FROM = BigDecimal.TEN.pow(21);
    private static final long[] POWERS = new long[19];

    static {
        POWERS[0] = 1;
        for (int i = 1; i < POWERS.length; i++) {
            POWERS[i] = POWERS[i - 1] * 10;
        }
    }

    private final long unscaled;
    private final int scale;
    private final @Nullable BigDecimal big;

    private Decimal(long unscaled, int scale, @Nullable BigDecimal big) {
        this.unscaled = unscaled;
        this.scale = scale;
        this.big = big;
    }

    public static Decimal of(long value) {
        return new Decimal(value, 0, null);
    }

    /** {@code unscaled × 10^-scale}; the scale is 0 to {@value #MAX_DIGITS}. */
    public static Decimal of(long unscaled, int scale) {
        if (scale < 0 || scale > MAX_DIGITS) {
            throw new IllegalArgumentException("scale " + scale + " is not within 0 to " + MAX_DIGITS);
        }
        return new Decimal(unscaled, scale, null);
    }

    /** EVALUATION_FAILED when it has too many digits. */
    public static Decimal of(BigDecimal value) {
        var bounded = bounded(value);
        if (bounded == null) {
            throw Failure.of(
                    Failure.Kind.EVALUATION_FAILED,
                    "found a number of more than " + MAX_DIGITS + " digits before or after the point, expected fewer");
        }
        return bounded;
    }

    /** Reads the characters of a JSON number; null when it has too many digits. */
    static @Nullable Decimal parse(char[] text, int start, int length) {
        if (length > 18) {
            return parseBig(text, start, length);
        }
        long digits = 0;
        int places = -1;
        boolean negative = false;
        for (int i = start; i < start + length; i++) {
            char c = text[i];
            if (c >= '0' && c <= '9') {
                digits = digits * 10 + (c - '0');
                if (places >= 0) {
                    places++;
                }
            } else if (c == '.') {
                places = 0;
            } else if (c == '-') {
                negative = true;
            } else {
                return parseBig(text, start, length);
            }
        }
        return new Decimal(negative ? -digits : digits, Math.max(places, 0), null);
    }

    private static @Nullable Decimal parseBig(char[] text, int start, int length) {
        if (length > 2 * MAX_DIGITS + 32) {
            return null;
        }
        try {
            return bounded(new BigDecimal(text, start, length));
        } catch (NumberFormatException | ArithmeticException exponentTooLarge) {
            return null;
        }
    }

    private static @Nullable Decimal bounded(BigDecimal value) {
        if (value.signum() == 0) {
            return ZERO;
        }
        // long: the scale of a parsed number may be as large as an int
        if ((long) value.precision() - value.scale() > MAX_DIGITS) {
            return null;
        }
        BigDecimal exact = value;
        if (exact.scale() > MAX_DIGITS) {
            exact = exact.stripTrailingZeros();
            if (exact.scale() > MAX_DIGITS) {
                return null;
            }
        }
        if (exact.scale() < 0) {
            exact = exact.setScale(0);
        }
        var digits = exact.unscaledValue();
        return digits.compareTo(LONG_MIN) >= 0 && digits.compareTo(LONG_MAX) <= 0
                ? new Decimal(digits.longValue(), exact.scale(), null)
                : new Decimal(0, 0, exact);
    }

    public Decimal plus(Decimal other) {
        if (big == null && other.big == null) {
            if (scale == other.scale) {
                long sum = unscaled + other.unscaled;
                if (((unscaled ^ sum) & (other.unscaled ^ sum)) >= 0) {
                    return new Decimal(sum, scale, null);
                }
            } else {
                int common = Math.max(scale, other.scale);
                if (fits(unscaled, common - scale) && fits(other.unscaled, common - other.scale)) {
                    long left = unscaled * POWERS[common - scale];
                    long right = other.unscaled * POWERS[common - other.scale];
                    long sum = left + right;
                    if (((left ^ sum) & (right ^ sum)) >= 0) {
                        return new Decimal(sum, common, null);
                    }
                }
            }
        }
        return of(toBigDecimal().add(other.toBigDecimal()));
    }

    public Decimal minus(Decimal other) {
        return plus(other.negated());
    }

    public Decimal negated() {
        return big == null && unscaled != Long.MIN_VALUE
                ? new Decimal(-unscaled, scale, null)
                : of(toBigDecimal().negate());
    }

    public Decimal times(Decimal other) {
        if (big == null && other.big == null && scale + other.scale <= MAX_DIGITS) {
            long high = Math.multiplyHigh(unscaled, other.unscaled);
            long low = unscaled * other.unscaled;
            if (high == low >> 63) {
                return new Decimal(low, scale + other.scale, null);
            }
        }
        return of(toBigDecimal().multiply(other.toBigDecimal()));
    }

    /** Exact where 34 digits are enough, else rounded half-even to 34. EVALUATION_FAILED when {@code other} is zero. */
    public Decimal dividedBy(Decimal other) {
        if (other.signum() == 0) {
            throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found a division by 0, expected another divisor");
        }
        return rounded(toBigDecimal().divide(other.toBigDecimal(), DIVISION));
    }

    /** A quotient below 10^-1000 keeps the digits there is room for. */
    private static Decimal rounded(BigDecimal quotient) {
        return of(quotient.scale() > MAX_DIGITS ? quotient.setScale(MAX_DIGITS, RoundingMode.HALF_EVEN) : quotient);
    }

    /** What is left of a division truncated towards zero; it has this number's sign. EVALUATION_FAILED when {@code other} is zero. */
    public Decimal remainder(Decimal other) {
        if (other.signum() == 0) {
            throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found a remainder of 0, expected another divisor");
        }
        if (big == null && other.big == null && scale == other.scale) {
            return new Decimal(unscaled % other.unscaled, scale, null);
        }
        return of(toBigDecimal().remainder(other.toBigDecimal()));
    }

    /** With at most so many places behind the point. */
    Decimal rounded(int places, RoundingMode mode) {
        return big == null && scale <= places ? this : of(toBigDecimal().setScale(places, mode));
    }

    boolean isWhole() {
        return big == null && scale == 0 || toBigDecimal().stripTrailingZeros().scale() <= 0;
    }

    /** This whole number as an index; −1 when it is none. */
    int toIndex() {
        var value = toBigDecimal();
        return value.signum() < 0 || value.compareTo(LARGEST_INDEX) > 0 ? -1 : value.intValue();
    }

    public int signum() {
        return big == null ? Long.signum(unscaled) : big.signum();
    }

    /** Whether it is held as a long and a scale: {@link #unscaled()} and {@link #scale()}. */
    public boolean isCompact() {
        return big == null;
    }

    public long unscaled() {
        return unscaled;
    }

    public int scale() {
        return scale;
    }

    public BigDecimal toBigDecimal() {
        return big == null ? BigDecimal.valueOf(unscaled, scale) : big;
    }

    @Override
    public int compareTo(Decimal other) {
        if (big == null && other.big == null) {
            if (scale == other.scale) {
                return Long.compare(unscaled, other.unscaled);
            }
            int common = Math.max(scale, other.scale);
            if (fits(unscaled, common - scale) && fits(other.unscaled, common - other.scale)) {
                return Long.compare(unscaled * POWERS[common - scale], other.unscaled * POWERS[common - other.scale]);
            }
        }
        return toBigDecimal().compareTo(other.toBigDecimal());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Decimal that && compareTo(that) == 0;
    }

    @Override
    public int hashCode() {
        return toBigDecimal().stripTrailingZeros().hashCode();
    }

    /** Canonical: no trailing zeros, no exponent below 10^21. A JSON number. */
    @Override
    public String toString() {
        if (big == null) {
            if (scale == 0) {
                if (unscaled < 1_000_000_000_000_000_000L && unscaled > -1_000_000_000_000_000_000L) {
                    return Long.toString(unscaled);
                }
            } else if (scale <= 18) {
                return compactText();
            }
        }
        var stripped = toBigDecimal().stripTrailingZeros();
        return stripped.abs().compareTo(EXPONENT_FROM) < 0 ? stripped.toPlainString() : exponentText(stripped);
    }

    private String compactText() {
        long digits = unscaled;
        int places = scale;
        while (places > 0 && digits % 10 == 0) {
            digits /= 10;
            places--;
        }
        if (places == 0) {
            return Long.toString(digits);
        }
        var text = new StringBuilder(24).append(digits);
        int sign = digits < 0 ? 1 : 0;
        while (text.length() - sign <= places) {
            text.insert(sign, '0');
        }
        return text.insert(text.length() - places, '.').toString();
    }

    private static String exponentText(BigDecimal value) {
        String digits = value.unscaledValue().abs().toString();
        long exponent = (long) value.precision() - value.scale() - 1;
        return (value.signum() < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + "e"
                + exponent;
    }

    /** Whether {@code value × 10^power} is a long. */
    private static boolean fits(long value, int power) {
        if (power == 0) {
            return true;
        }
        if (power >= POWERS.length) {
            return false;
        }
        long factor = POWERS[power];
        return Math.multiplyHigh(value, factor) == value * factor >> 63;
    }
}
