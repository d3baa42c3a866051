package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readers at work while runs of the index go to disk, streams are forgotten, and in the end the log is closed under them. */
class ConcurrentReadTest {
    private static final int STREAMS = 40;

    @TempDir
    Path folder;

    @Test
    void seesWholeStreamsUntilTheLogIsClosed() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var log = Log.open(folder, LogOptions.defaults(), new Shard.Seams(disk -> disk, 200, 5));
        List<CompletableFuture<Failure>> readers = new ArrayList<>();
        for (int reader = 0; reader < 3; reader++) {
            var random = new Random(seed + reader);
            readers.add(CompletableFuture.supplyAsync(() -> readUntilClosed(log, random)));
        }

        var random = new Random(seed);
        for (int round = 0; round < 60; round++) {
            CompletableFuture<Appended> last = null;
            for (int i = 0; i < 200; i++) {
                last = log.append(append("order-" + random.nextInt(STREAMS), round + "/" + i))
                        .toCompletableFuture();
            }
            answer(last);
        }
        log.close();

        for (var reader : readers) {
            assertThat(reader.get(60, TimeUnit.SECONDS).kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        }
        assertThatThrownBy(() -> log.read(Sample.all(1))).isInstanceOf(Failure.class);
    }

    private static Failure readUntilClosed(Log log, Random random) {
        try {
            while (true) {
                String stream = "order-" + random.nextInt(STREAMS);
                long before = log.version(stream);
                List<RecordedEvent> events = log.readStream(stream, 1, EventQuery.Direction.FORWARD, 100_000);
                assertThat(events).hasSizeGreaterThanOrEqualTo((int) before);
                for (int i = 0; i < events.size(); i++) {
                    assertThat(events.get(i).version()).isEqualTo(i + 1);
                    assertThat(events.get(i).stream()).isEqualTo(stream);
                }
                assertThat(log.version(stream)).isGreaterThanOrEqualTo(events.size());
                Cursor head = log.head();
                EventPage page = log.read(
                        Sample.query(new Selection.OfCategory("order"), null, EventQuery.Direction.BACKWARD, 500));
                long at = page.events().isEmpty() ? 0 : page.events().get(0).offset();
                assertThat(at).isGreaterThanOrEqualTo(head.offset(0));
                for (RecordedEvent event : page.events()) {
                    assertThat(event.offset()).isEqualTo(at--);
                }
            }
        } catch (Failure closed) {
            return closed;
        }
    }
}
