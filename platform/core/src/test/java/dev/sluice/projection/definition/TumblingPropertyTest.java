package dev.sluice.projection.definition;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

class TumblingPropertyTest {
    private static final long FROM = micros("1950-01-01T00:00:00Z");
    private static final long TO = micros("2040-01-01T00:00:00Z");

    @Property(tries = 3_000)
    void windowsFollowEachOtherWithoutAGap(
            @ForAll("windows") Tumbling tumbling, @ForAll @LongRange(min = 0, max = 1L << 60) long random) {
        long moment = FROM + random % (TO - FROM);

        var window = Objects.requireNonNull(tumbling.of(moment));
        var next = Objects.requireNonNull(tumbling.of(window.endMicros()));

        assertThat(window.contains(moment)).isTrue();
        assertThat(tumbling.of(window.startMicros())).isEqualTo(window);
        assertThat(tumbling.of(window.endMicros() - 1)).isEqualTo(window);
        assertThat(next.startMicros()).isEqualTo(window.endMicros());
    }

    @Property(tries = 1_000)
    void aDayBeginsAtMidnightOnTheWall(
            @ForAll("zones") ZoneId zone, @ForAll @LongRange(min = 0, max = 1L << 60) long random) {
        long moment = FROM + random % (TO - FROM);

        var window = Objects.requireNonNull(new Tumbling(86_400, zone).of(moment));

        var date = Instant.EPOCH.plus(moment, ChronoUnit.MICROS).atZone(zone).toLocalDate();
        assertThat(window.startMicros())
                .isEqualTo(micros(date.atStartOfDay(zone).toInstant().toString()));
        assertThat(window.endMicros())
                .isEqualTo(
                        micros(date.plusDays(1).atStartOfDay(zone).toInstant().toString()));
    }

    @Example
    void theHourThatComesTwiceIsTwoWindows() {
        var hours = new Tumbling(3_600, ZoneId.of("Europe/Berlin"));

        var first = hours.of(micros("2026-10-25T00:30:00Z"));
        var second = hours.of(micros("2026-10-25T01:30:00Z"));

        assertThat(first)
                .isEqualTo(new Tumbling.Window(micros("2026-10-25T00:00:00Z"), micros("2026-10-25T01:00:00Z")));
        assertThat(second)
                .isEqualTo(new Tumbling.Window(micros("2026-10-25T01:00:00Z"), micros("2026-10-25T02:00:00Z")));
    }

    @Example
    void theDayOnWhichTheClockIsPutForwardHas23Hours() {
        var day = new Tumbling(86_400, ZoneId.of("Europe/Berlin")).of(micros("2026-03-29T12:00:00Z"));

        assertThat(day).isEqualTo(new Tumbling.Window(micros("2026-03-28T23:00:00Z"), micros("2026-03-29T22:00:00Z")));
    }

    @Example
    void aWeekBeginsOnMonday() {
        var week = new Tumbling(604_800, ZoneId.of("UTC")).of(micros("2026-11-28T00:00:00Z"));

        assertThat(week).isEqualTo(new Tumbling.Window(micros("2026-11-23T00:00:00Z"), micros("2026-11-30T00:00:00Z")));
    }

    private static long micros(String time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
    }

    @Provide
    Arbitrary<ZoneId> zones() {
        return Arbitraries.of(List.of(
                        "UTC",
                        "Europe/Berlin",
                        "America/New_York",
                        "America/Sao_Paulo",
                        "Australia/Lord_Howe",
                        "Asia/Kathmandu",
                        "Africa/Casablanca",
                        "Pacific/Apia"))
                .map(ZoneId::of);
    }

    @Provide
    Arbitrary<Tumbling> windows() {
        return zones().flatMap(zone -> Arbitraries.of(List.of(
                        1L,
                        60L,
                        900L,
                        1_800L,
                        3_600L,
                        7_200L,
                        21_600L,
                        43_200L,
                        86_400L,
                        172_800L,
                        604_800L,
                        2_592_000L))
                .map(seconds -> new Tumbling(seconds, zone)));
    }
}
