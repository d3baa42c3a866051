package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FlowTest {
    @Test
    void creditAddsButNeverAboveTheWindow() {
        Flow flow = Flow.of(100, 4096);

        flow.take(30);
        flow.add(10);

        assertThat(flow.room()).isEqualTo(80);
        flow.add(Long.MAX_VALUE);
        assertThat(flow.room()).isEqualTo(100);
    }

    @Test
    void theWindowIsClampedToTheLimit() {
        assertThat(Flow.of(1_000_000, 4096).room()).isEqualTo(4096);
    }

    @Test
    void aWindowOfZeroStartsPausedUntilCreditOrResume() {
        Flow credited = Flow.of(0, 4096);
        Flow resumed = Flow.of(0, 4096);

        assertThat(credited.room()).isZero();
        credited.add(5);
        resumed.resume();

        assertThat(credited.room()).isEqualTo(5);
        assertThat(resumed.room()).isEqualTo(Flow.DEFAULT_WINDOW);
    }

    @Test
    void pausedThereIsNoRoomButTheCreditIsKept() {
        Flow flow = Flow.of(100, 4096);

        flow.pause();
        flow.take(40);

        assertThat(flow.room()).isZero();
        flow.resume();
        assertThat(flow.room()).isEqualTo(60);
    }
}
