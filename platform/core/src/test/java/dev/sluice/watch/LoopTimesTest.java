package dev.sluice.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopTimesTest {
    private final LoopTimes times = LoopTimes.watching();
    private final Vertx vertx = Vertx.vertx(
            new VertxOptions().setMaxEventLoopExecuteTime(1).setMaxEventLoopExecuteTimeUnit(TimeUnit.HOURS));

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void blamesALoopThatComputes() {
        var isDone = new AtomicBoolean();
        var thread = new AtomicReference<Thread>();
        vertx.runOnContext(now -> {
            thread.set(Thread.currentThread());
            while (!isDone.get()) {
                Thread.onSpinWait();
            }
        });

        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> thread.get() != null && !times.isStarved(warning(thread.get(), 150)));
        } finally {
            isDone.set(true);
        }
    }

    @Test
    void excusesALoopThatHadNoProcessor() {
        var latch = new CountDownLatch(1);
        var thread = new AtomicReference<Thread>();
        vertx.runOnContext(now -> {
            thread.set(Thread.currentThread());
            latch.countDown();
        });

        await().atMost(Duration.ofSeconds(60)).until(() -> latch.getCount() == 0);

        assertThat(times.isStarved(warning(thread.get(), 10_000))).isTrue();
        assertThat(times.isStarved("anything else")).isFalse();
    }

    private static String warning(Thread thread, int millis) {
        return "Thread " + thread.getName() + " has been blocked for " + millis + " ms, time limit is 100 ms";
    }
}
