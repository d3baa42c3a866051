package dev.sluice.ingest;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import dev.sluice.spi.Source;
import dev.sluice.spi.Source.Partition;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One source over a real log, fed by the test in place of a broker; opened again it goes on where it was. */
final class IngestHouse implements AutoCloseable {
    static final Partition ORDERS = new Partition("cluster", "id", "orders", 0);

    final Log log;
    final LocalEventLog events;
    final DeadLetters letters;
    final Resolver resolver;

    private final Vertx vertx = Vertx.vertx();
    private final SourceConfig config;
    private final Ingest ingest;

    IngestHouse(Path folder, int shards, SourceConfig config) {
        this.config = config;
        var options = LogOptions.defaults().withShards(shards);
        log = Log.open(folder, options);
        var mesh = EventBusMesh.on(vertx);
        get(vertx.deployVerticle(new ShardVerticle(log, mesh)));
        events = new LocalEventLog(vertx, log, mesh, new ReadPool(vertx, 2));
        letters = new DeadLetters(events, new NoProjections(false));
        resolver = new Resolver(events, letters, List.of(config), options.maxEventBytes(), new NoSagas());
        ingest = new Ingest(config, events, options.maxEventBytes(), new SimpleMeterRegistry());
    }

    /** Where the source reads on. */
    long position() {
        Long next = get(Future.fromCompletionStage(ingest.position(ORDERS)));
        return next == null ? 0 : next;
    }

    void accept(long from, List<Source.RawRecord> records) {
        get(Future.fromCompletionStage(offer(from, records)));
    }

    CompletionStage<Void> offer(long from, List<Source.RawRecord> records) {
        return ingest.accept(new Source.Poll(ORDERS, from, from + records.size(), records));
    }

    static Source.RawRecord record(long offset, @Nullable String key, String value) {
        return new Source.RawRecord(offset, 1_000 + offset, key == null ? null : utf8(key), utf8(value), List.of());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    List<DeadLetters.DeadLetter> open() {
        return all(new DeadLetters.Filter(null, null, DeadLetters.State.OPEN), 200);
    }

    List<DeadLetters.DeadLetter> all(DeadLetters.Filter filter, int limit) {
        var all = new ArrayList<DeadLetters.DeadLetter>();
        String cursor = null;
        do {
            var page = get(letters.list(filter, limit, cursor));
            all.addAll(page.letters());
            cursor = page.cursor();
        } while (cursor != null);
        return all;
    }

    Resolver.Done resolve(String id, Resolver.Verb verb) {
        return get(resolver.resolve(id, verb));
    }

    /** Counts letters by a clock that is an hour ahead. */
    MeterRegistry countLetters() {
        var meters = new SimpleMeterRegistry(SimpleConfig.DEFAULT, new Ahead());
        var onWorker = new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER);
        get(vertx.deployVerticle(new LetterMeters(config, events, letters, meters), onWorker));
        return meters;
    }

    private static final class Ahead implements Clock {
        @Override
        public long wallTime() {
            return System.currentTimeMillis() + TimeUnit.HOURS.toMillis(1);
        }

        @Override
        public long monotonicTime() {
            return System.nanoTime();
        }
    }

    /** The data of a stream's events. */
    List<String> stream(String name) {
        return log.readStream(name, 1, Direction.FORWARD, 100_000).stream()
                .map(RecordedEvent::data)
                .map(data -> new String(data, StandardCharsets.UTF_8))
                .toList();
    }

    static <T> T get(Future<T> future) {
        try {
            return future.await(60, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError(late);
        }
    }

    @Override
    public void close() {
        get(vertx.close());
        log.close();
    }
}
