package dev.sluice.command;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A log and a command room in a folder, to be stopped and opened again. */
final class CommandHouse implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Vertx vertx = Vertx.vertx();
    private final EventBusMesh mesh = EventBusMesh.on(vertx);
    private final Log log;
    private final LocalEventLog events;
    private final CommandRoom room;
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

    CommandHouse(Path folder, int shards, int states) {
        log = Log.open(folder, LogOptions.defaults().withShards(shards));
        var reads = new ReadPool(vertx, 2);
        events = new LocalEventLog(vertx, log, mesh, reads);
        room = new CommandRoom(events, mesh, reads, states, metrics);
        answer(vertx.deployVerticle(new ShardVerticle(log, mesh)));
    }

    static CommandHouse of(Path folder, Aggregate<?, ?, ?> aggregate) {
        var house = new CommandHouse(folder, 1, 1_000);
        house.room.register(aggregate);
        return house;
    }

    CommandRoom room() {
        return room;
    }

    LocalEventLog events() {
        return events;
    }

    SimpleMeterRegistry metrics() {
        return metrics;
    }

    Future<CommandAnswer> ask(String type, CommandRequest request, Call call) {
        return mesh.request(Addresses.command(type), request, call);
    }

    Future<CommandAnswer> ask(String type, CommandRequest request) {
        return ask(type, request, Call.PLAIN);
    }

    CommandAnswer send(String type, String stream, String json) {
        return send(type, stream, json, null);
    }

    CommandAnswer send(String type, String stream, String json, @org.jspecify.annotations.Nullable String id) {
        return answer(ask(type, request(stream, json, id)));
    }

    static CommandRequest request(String stream, String json, @org.jspecify.annotations.Nullable String id) {
        return CommandRequest.of(stream, json.getBytes(StandardCharsets.UTF_8), id);
    }

    Failure refusal(Future<?> asked) {
        return answer(asked.transform(done -> Future.succeededFuture((Failure) done.cause())));
    }

    List<RecordedEvent> read(String stream) {
        return answer(events.readStream(stream, 1, EventQuery.Direction.FORWARD, 1_000));
    }

    /** Appends past the room, as a client of the log does. */
    void append(String stream, String type, String json) {
        var event = new Event(
                UUID.randomUUID().toString(),
                type,
                "urn:test",
                1,
                Event.JSON,
                Map.of(),
                null,
                json.getBytes(StandardCharsets.UTF_8));
        answer(events.append(Append.to(stream, Expected.ANY, List.of(event))));
    }

    static <T> T answer(Future<T> future) {
        try {
            return future.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError("no answer within " + PATIENCE_SECONDS + " s", late);
        }
    }

    @Override
    public void close() {
        answer(room.close());
        answer(vertx.close());
        log.close();
    }
}
