package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FreshnessTest {
    private static final byte[] ORDER = {};

    private final Freshness freshness = new Freshness(10, 1);
    private final Freshness.Watch watch = freshness.watch(new int[] {2, 5});

    @Test
    void aRowMakesEveryOrderCurrentThatItsSubscriberDidNotHave() {
        freshness.measure();
        long start = System.nanoTime();
        freshness.due(5, ORDER, start);
        freshness.due(5, ORDER, start + 1_000);
        freshness.due(5, ORDER, start + 2_000);

        watch.see(5, 1, start + 500);
        watch.see(5, 3, start + 5_000);
        watch.see(5, 3, start + 9_000);

        assertThat(freshness.latencies().getTotalCount()).isEqualTo(3);
        assertThat(freshness.latencies().getValueAtPercentile(1)).isEqualTo(500);
        assertThat(freshness.latencies().getMaxValue()).isBetween(4_000L, 4_010L);
    }

    @Test
    void measuresNothingThatWasDueBeforeOrIsInASnapshot() {
        freshness.due(2, ORDER, System.nanoTime() - 1);
        freshness.measure();
        freshness.due(5, ORDER, System.nanoTime());

        watch.see(2, 1, System.nanoTime());
        watch.hold(5, 1);

        assertThat(freshness.latencies().getTotalCount()).isZero();
        assertThat(watch.missing()).isZero();
    }

    @Test
    void missesTheRowsOfItsOwnThatAreNotAtTheirNewest() {
        freshness.due(2, ORDER, 0);
        freshness.due(5, ORDER, 0);
        freshness.due(7, ORDER, 0);

        watch.hold(5, 1);

        assertThat(watch.missing()).isEqualTo(1);
    }

    @Test
    void refusesARowThatCountsMoreThanWasPublishedOrWasNotAskedFor() {
        freshness.due(5, ORDER, 0);

        assertThatThrownBy(() -> watch.see(5, 2, 0))
                .hasMessage("found 2 orders in row 5, expected at most the 1 published");
        assertThatThrownBy(() -> watch.see(3, 1, 0)).hasMessageContaining("row 3");
    }
}
