package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BuildShareTest {
    private static final long MILLIS = TimeUnit.MILLISECONDS.toNanos(1);

    private final BuildShare share = new BuildShare();
    private long nowNanos = Long.MAX_VALUE - 40 * MILLIS;

    @Test
    void aQuarterOfTheTimeIsForBuildingWhileEventsArrive() {
        long builtMillis = 0;

        for (int turn = 0; turn < 4_000; turn++) {
            share.arrived(nowNanos);
            boolean builds = share.mayBuild(nowNanos);
            nowNanos += MILLIS;
            if (builds) {
                share.built(nowNanos - MILLIS, nowNanos, 5_000 - turn);
                builtMillis++;
            }
        }

        assertThat(builtMillis).isEqualTo(1_000);
    }

    @Test
    void allOfItIsWhenNoneArrive() {
        share.arrived(nowNanos);
        share.built(nowNanos, nowNanos + 300 * MILLIS, 1);

        assertThat(share.mayBuild(nowNanos + 100 * MILLIS)).isFalse();
        assertThat(share.nanosUntil(nowNanos + 100 * MILLIS, 2_000 * MILLIS)).isEqualTo(1_100 * MILLIS);
        assertThat(share.mayBuild(nowNanos + 200 * MILLIS)).isTrue();
        assertThat(share.nanosUntil(nowNanos + 200 * MILLIS, 2_000 * MILLIS)).isEqualTo(2_000 * MILLIS);
    }

    @Test
    void moreOfItIsWhenBuildingWouldNeverCatchUp() {
        long builtMillis = 0;

        for (int turn = 0; turn < 100_000; turn++) {
            share.arrived(nowNanos);
            boolean builds = share.mayBuild(nowNanos);
            nowNanos += MILLIS;
            if (builds) {
                share.built(nowNanos - MILLIS, nowNanos, turn);
                builtMillis += turn < 90_000 ? 0 : 1;
            }
        }

        assertThat(builtMillis).isEqualTo(10_000);
    }
}
