package dev.sluice.projection.definition;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Windows of equal length that follow each other without a gap, by the clock on the wall of a zone: a window of an hour begins
 * at the full hour, one of a day at midnight, one of a week on Monday. Where the clock is put forward or back, the window in
 * which that happens is shorter or longer; an hour that comes twice is two windows. Immutable.
 *
 * @param seconds of a window: a divisor of a day, or whole days
 */
public record Tumbling(long seconds, ZoneId zone) {
    private static final long DAY = 86_400;
    private static final long MICROS = 1_000_000;
    private static final long NANOS = 1_000_000_000;
    private static final long WEEK_DAYS = 7;
    private static final long MONDAY_BEFORE_EPOCH = 3;

    public Tumbling {
        if (seconds < 1 || !isPossible(seconds)) {
            throw new IllegalArgumentException(seconds + " s neither divide a day nor are whole days");
        }
    }

    static boolean isPossible(long seconds) {
        return DAY % seconds == 0 || seconds % DAY == 0;
    }

    /** From {@code startMicros} (inclusive) to {@code endMicros} (exclusive), µs since 1970 UTC. */
    public record Window(long startMicros, long endMicros) {
        public boolean contains(long micros) {
            return startMicros <= micros && micros < endMicros;
        }
    }

    /** The window of a moment; null when the moment is beyond what a calendar has. */
    public @Nullable Window of(long micros) {
        try {
            var start = start(instant(micros));
            return new Window(micros(start), micros(end(start)));
        } catch (DateTimeException | ArithmeticException beyond) {
            return null;
        }
    }

    private Instant start(Instant moment) {
        var offset = zone.getRules().getOffset(moment);
        return at(floor(LocalDateTime.ofEpochSecond(moment.getEpochSecond(), moment.getNano(), offset)), offset);
    }

    /** The next moment that belongs to another window: at the wall's next boundary, or before it where the clock changes. */
    private Instant end(Instant start) {
        var rules = zone.getRules();
        var offset = rules.getOffset(start);
        var next = floor(LocalDateTime.ofEpochSecond(start.getEpochSecond(), start.getNano(), offset))
                .plusSeconds(seconds);
        var end = at(next, offset);
        for (var change = rules.nextTransition(start);
                change != null && change.getInstant().isBefore(end);
                change = rules.nextTransition(change.getInstant())) {
            var after = start(change.getInstant());
            if (after.isAfter(start)) {
                return after;
            }
        }
        return end;
    }

    private LocalDateTime floor(LocalDateTime wall) {
        if (seconds < DAY) {
            long second = wall.toLocalTime().toSecondOfDay();
            return wall.toLocalDate().atTime(LocalTime.ofSecondOfDay(second - second % seconds));
        }
        long days = seconds / DAY;
        long day = wall.toLocalDate().toEpochDay();
        long shift = days % WEEK_DAYS == 0 ? MONDAY_BEFORE_EPOCH : 0;
        return wall.truncatedTo(ChronoUnit.DAYS).minusDays(Math.floorMod(day + shift, days));
    }

    private Instant at(LocalDateTime wall, ZoneOffset preferred) {
        return ZonedDateTime.ofLocal(wall, zone, preferred).toInstant();
    }

    private static Instant instant(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * (NANOS / MICROS));
    }

    private static long micros(Instant moment) {
        return Math.addExact(Math.multiplyExact(moment.getEpochSecond(), MICROS), moment.getNano() / (NANOS / MICROS));
    }
}
