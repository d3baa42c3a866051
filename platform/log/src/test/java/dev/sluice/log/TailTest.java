package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.append;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TailTest {
    @TempDir
    Path folder;

    @Test
    void signalsOnceForEachCall() {
        try (var log = Log.open(folder, Sample.options())) {
            Tail tail = log.shard(0).tail(0);
            var signals = new AtomicInteger();
            tail.onReady(signals::incrementAndGet);
            assertThat(signals).hasValue(0);

            answer(log.append(append("order-1", "a")));
            answer(log.append(append("order-1", "b")));
            answer(log.shard(0).submit(shard -> true));
            assertThat(signals).hasValue(1);

            tail.onReady(signals::incrementAndGet);
            assertThat(signals).hasValue(2);
            assertThat(tail.poll(10)).hasSize(2);
            assertThat(tail.isRecent()).isTrue();
            assertThat(tail.poll(10)).isEmpty();
        }
    }

    @Test
    void takesASignalBackAndReplacesIt() {
        try (var log = Log.open(folder, Sample.options())) {
            Tail tail = log.shard(0).tail(0);
            var first = new AtomicInteger();
            var second = new AtomicInteger();

            tail.onReady(first::incrementAndGet);
            tail.onReady(second::incrementAndGet);
            answer(log.append(append("order-1", "a")));
            answer(log.shard(0).submit(shard -> true));
            tail.poll(1);
            tail.onReady(first::incrementAndGet);
            tail.onReady(null);
            answer(log.append(append("order-1", "b")));
            answer(log.shard(0).submit(shard -> true));

            assertThat(first).hasValue(0);
            assertThat(second).hasValue(1);
        }
    }

    @Test
    void beginsAtTheHeadWhenAskedForLater() {
        try (var log = Log.open(folder, Sample.options())) {
            answer(log.append(append("order-1", "a")));

            Tail tail = log.shard(0).tail(99);
            answer(log.append(append("order-1", "b")));

            assertThat(Sample.ids(tail.poll(10))).containsExactly("b");
        }
    }

    @Test
    void losesAndRepeatsNothingAtTheBorderOfDiskAndMemory() throws Exception {
        int events = 60_000;
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        try (var log = Log.open(folder, LogOptions.defaults())) {
            List<CompletableFuture<Long>> readers = new ArrayList<>();
            for (int reader = 0; reader < 4; reader++) {
                var random = new Random(seed + reader);
                var tail = log.shard(0).tail(0);
                readers.add(CompletableFuture.supplyAsync(() -> follow(tail, events, random)));
            }
            CompletableFuture<Appended> last = null;
            byte[] data = new byte[600];
            for (int i = 0; i < events; i++) {
                var event = new Event("e" + i, "T", "s", i, Event.JSON, java.util.Map.of(), null, data);
                last = log.append(Append.to("s-" + i % 100, Expected.ANY, List.of(event)))
                        .toCompletableFuture();
                if (i % 1000 == 0) {
                    answer(last);
                }
            }
            answer(last);

            for (var reader : readers) {
                assertThat(reader.get(60, TimeUnit.SECONDS)).isEqualTo(events);
            }
        }
    }

    private static long follow(Tail tail, int events, Random random) {
        var ready = new Semaphore(0);
        long at = 0;
        while (at < events) {
            List<RecordedEvent> polled = tail.poll(1 + random.nextInt(2_000));
            for (RecordedEvent event : polled) {
                if (event.offset() != ++at || !event.id().equals("e" + (at - 1))) {
                    throw new AssertionError("found " + event + ", expected offset " + at);
                }
            }
            if (polled.isEmpty()) {
                tail.onReady(ready::release);
                try {
                    if (!ready.tryAcquire(30, TimeUnit.SECONDS)) {
                        throw new AssertionError("no signal within 30 s at " + at);
                    }
                } catch (InterruptedException interrupted) {
                    throw new AssertionError(interrupted);
                }
            }
        }
        return at;
    }
}
