package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.saga.machine.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SagaLoadTest {
    private final OrderData data = new OrderData(256, 100);

    @TempDir
    Path folder;

    @Test
    void completesEverySagaAndKnowsItsFourHops() {
        try (var rooms = new SagaRooms(folder, List.of(SagaShop.fulfilment(100)), () -> {})) {
            new SagaLoad(rooms, data, SagaShop.FULFILMENT, Status.COMPLETED).keep(4, 20);

            var hops = SagaTimes.of(rooms.log(), SagaShop.FULFILMENT).hops();
            assertThat(hops.getTotalCount()).isEqualTo(20 * 4);
            assertThat(hops.getMaxValue()).isPositive();
        }
    }

    @Test
    void knowsHowLateASleepEnded() {
        try (var rooms = new SagaRooms(folder, List.of(SagaShop.nap(Duration.ofMillis(20))), () -> {})) {
            new SagaLoad(rooms, data, SagaShop.NAP, Status.COMPLETED).every(1_000_000, 10);

            assertThat(SagaTimes.of(rooms.log(), SagaShop.NAP).lateness().getTotalCount())
                    .isEqualTo(10);
        }
    }

    @Test
    void asksAgainAfterAStart() throws InterruptedException {
        SagaRestart.fill(folder, data, 3);
        var isAsked = new CountDownLatch(1);

        try (var rooms = SagaRestart.rooms(folder, isAsked::countDown)) {
            assertThat(isAsked.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(rooms.count(SagaShop.QUESTION, Status.RUNNING)).isEqualTo(3);
        }
    }
}
