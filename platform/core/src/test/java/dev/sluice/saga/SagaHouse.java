package dev.sluice.saga;

import static org.awaitility.Awaitility.await;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A log, a saga room and participants in a folder; the participants stay when the rest is stopped and opened again. */
final class SagaHouse implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    private static final int READ_THREADS = 2;

    private final Path folder;
    private final int shards;
    private final SagaLimits limits;
    private final AtomicLong passedMicros = new AtomicLong();
    private final Ledger ledger = new Ledger();
    private final List<SagaDefinition> definitions = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();
    private @Nullable Open open;
    private int events;

    private record Open(
            Vertx vertx,
            Log log,
            LocalEventLog events,
            EventBusMesh mesh,
            SagaRoom room,
            SimpleMeterRegistry metrics,
            CountedRows rows) {}

    SagaHouse(Path folder, int shards) {
        this(folder, shards, SagaLimits.DEFAULTS);
    }

    SagaHouse(Path folder, int shards, SagaLimits limits) {
        this.folder = folder;
        this.shards = shards;
        this.limits = limits;
    }

    SagaHouse with(SagaDefinition definition) {
        definitions.add(definition);
        return this;
    }

    SagaHouse serving(String... steps) {
        addresses.addAll(List.of(steps));
        return this;
    }

    SagaHouse without(SagaDefinition definition) {
        definitions.remove(definition);
        return this;
    }

    SagaHouse start() {
        var vertx = Vertx.vertx();
        var mesh = EventBusMesh.on(vertx);
        var log = Log.open(
                folder.resolve("log"), LogOptions.defaults().withShards(shards).withClock(this::nowMicros));
        answer(vertx.deployVerticle(new ShardVerticle(log, mesh)));
        var eventLog = new LocalEventLog(vertx, log, mesh, new ReadPool(vertx, READ_THREADS));
        addresses.forEach(address -> ledger.serve(mesh, address));
        var metrics = new SimpleMeterRegistry();
        var rows = new CountedRows(eventLog);
        var room = new SagaRoom(vertx, rows.log(), mesh, limits, this::nowMicros, metrics, Failpoints.NONE);
        definitions.forEach(each -> answer(room.register(each)));
        answer(room.start());
        open = new Open(vertx, log, eventLog, mesh, room, metrics, rows);
        return this;
    }

    private Open open() {
        return java.util.Objects.requireNonNull(open, "not started");
    }

    private long nowMicros() {
        return TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()) + passedMicros.get();
    }

    void pass(Duration time) {
        passedMicros.addAndGet(TimeUnit.MILLISECONDS.toMicros(time.toMillis()));
    }

    /** As after a crash, as far as that can be had within a process: what was not committed is gone. */
    void restart() {
        close();
        start();
    }

    /** Opens again what is on disk, without having stopped anything in order. */
    void crash() {
        var crashing = open();
        open = null;
        crashing.log().close();
        answer(crashing.vertx().close());
        start();
    }

    boolean isHealthy(int shard) {
        return open().log().shard(shard).isHealthy();
    }

    Ledger ledger() {
        return ledger;
    }

    SagaRoom room() {
        return open().room();
    }

    LocalEventLog events() {
        return open().events();
    }

    /** How many rows of a kind have been read since the last start. */
    long rowsRead(String kind) {
        return open().rows().count(kind);
    }

    EventBusMesh mesh() {
        return open().mesh();
    }

    double gauge(String name) {
        return open().metrics().get(name).gauge().value();
    }

    void append(String stream, String type, String json) {
        events++;
        var event = new Event(
                "e" + events,
                type,
                "/test",
                nowMicros(),
                Event.JSON,
                Map.of(),
                null,
                json.getBytes(StandardCharsets.UTF_8));
        answer(open().events().append(Append.to(stream, Expected.ANY, List.of(event))));
    }

    void begin(String key) {
        append("thing-" + key, "Began", "{\"id\":\"" + key + "\"}");
    }

    Instance reach(String saga, String key, Status status) {
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS)).until(() -> {
            var now = find(saga, key);
            return now != null && now.status() == status;
        });
        return answer(room().instance(saga, key));
    }

    @Nullable
    Instance find(String saga, String key) {
        return answer(room().instance(saga, key).otherwise(none -> null));
    }

    List<RecordedEvent> stream(String name) {
        return open().log().readStream(name, 1, EventQuery.Direction.FORWARD, 10_000);
    }

    /** The types of the events of a run. */
    List<String> types(String saga, String key, int run) {
        return stream(new InstanceId(saga, key).stream(run)).stream()
                .map(RecordedEvent::type)
                .toList();
    }

    static <T> T answer(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failed);
        } catch (InterruptedException | TimeoutException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** When the timers of a step were due, in the order in which a shard let them fire. */
    List<Long> ends(String step, int shard) {
        var dues = new HashMap<String, Long>();
        var ended = new ArrayList<Long>();
        for (long offset = 1; offset <= open().log().shard(shard).head(); offset++) {
            var recorded = open().log().event(new Position(shard, offset));
            if (recorded.stream().startsWith("$saga.")) {
                var event = Json.event(recorded);
                if (event instanceof SagaEvent.StepWaiting it && it.step().equals(step)) {
                    dues.put(recorded.stream(), it.untilMillis());
                } else if (event instanceof SagaEvent.StepSucceeded it
                        && it.step().equals(step)) {
                    ended.add(dues.get(recorded.stream()));
                }
            }
        }
        return ended;
    }

    @Override
    public void close() {
        var closing = open;
        if (closing != null) {
            open = null;
            answer(closing.room().close());
            closing.log().close();
            answer(closing.vertx().close());
        }
    }
}
