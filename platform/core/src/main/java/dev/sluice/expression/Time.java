package dev.sluice.expression;

import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** A moment, µs since 1970 UTC; its text is ISO 8601 in UTC. */
public record Time(long micros) implements Comparable<Time> {
    /** Reads ISO 8601: a date, or a date and a time with an offset; null for anything else. */
    static @Nullable Time parse(String text) {
        try {
            var moment = text.length() == 10
                    ? Instant.parse(text + "T00:00:00Z")
                    : OffsetDateTime.parse(text).toInstant();
            return of(moment);
        } catch (DateTimeException | ArithmeticException notATime) {
            return null;
        }
    }

    /** To the microsecond; ArithmeticException when that is beyond what a time can be. */
    public static Time of(Instant moment) {
        return new Time(
                Math.addExact(Math.multiplyExact(moment.getEpochSecond(), 1_000_000L), moment.getNano() / 1_000));
    }

    /** Seconds since 1970 UTC; null when that is beyond what a time can be. */
    static @Nullable Time ofSeconds(Decimal seconds) {
        try {
            return new Time(seconds.toBigDecimal()
                    .movePointRight(6)
                    .setScale(0, RoundingMode.FLOOR)
                    .longValueExact());
        } catch (ArithmeticException tooFar) {
            return null;
        }
    }

    /** ArithmeticException when that is beyond what a time can be. */
    Time plus(Duration duration) {
        return new Time(Math.addExact(micros, micros(duration)));
    }

    Duration since(Time earlier) {
        return Duration.of(Math.subtractExact(micros, earlier.micros), ChronoUnit.MICROS);
    }

    private static long micros(Duration duration) {
        return Math.addExact(Math.multiplyExact(duration.getSeconds(), 1_000_000L), duration.getNano() / 1_000);
    }

    public Instant toInstant() {
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000);
    }

    @Override
    public int compareTo(Time other) {
        return Long.compare(micros, other.micros);
    }

    @Override
    public String toString() {
        return toInstant().toString();
    }
}
