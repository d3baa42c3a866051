package dev.sluice.saga;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Structure;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The definitions that were ever registered, as events: the streams {@code $saga-definition.<name>}. Any context. */
final class DefinitionLog {
    private static final String PREFIX = "$saga-definition.";
    private static final int MAX_SAGAS = 1_000;
    private static final int MAX_VERSIONS = 1_000;

    private final EventLog log;
    private final LongSupplier clockMicros;

    DefinitionLog(EventLog log, LongSupplier clockMicros) {
        this.log = log;
        this.clockMicros = clockMicros;
    }

    /** Appends that a version is there, once; DEFINITION_INVALID when it was registered with another content. */
    Future<Void> register(SagaDefinition definition) {
        String stream = PREFIX + definition.name();
        return log.readStream(stream, 1, Direction.FORWARD, MAX_VERSIONS).compose(events -> {
            var hash = hash(events, definition.version());
            if (hash == null) {
                return append(stream, events.size(), definition);
            }
            return hash.equals(definition.hash())
                    ? Future.succeededFuture()
                    : Future.failedFuture(Failure.of(
                            Failure.Kind.DEFINITION_INVALID,
                            "found version " + definition.version() + " of saga " + definition.name() + " with hash "
                                    + definition.hash() + ", expected " + hash
                                    + " as it was registered first: what has changed needs another version"));
        });
    }

    /** All versions that were ever registered. */
    Future<List<Structure>> all() {
        return log.streams(PREFIX, "", MAX_SAGAS).compose(streams -> {
            var reads = streams.stream()
                    .map(each -> log.readStream(each.stream(), 1, Direction.FORWARD, MAX_VERSIONS))
                    .toList();
            return Future.all(reads).map(all -> reads.stream()
                    .flatMap(read -> read.result().stream())
                    .map(event -> Structure.read(Json.data(event).path("structure")))
                    .toList());
        });
    }

    private static @Nullable String hash(List<RecordedEvent> events, int version) {
        for (var event : events) {
            var data = Json.data(event);
            if (data.path("version").intValue() == version) {
                return data.path("hash").textValue();
            }
        }
        return null;
    }

    private Future<Void> append(String stream, long version, SagaDefinition definition) {
        var structure = definition.structure();
        var data = new LinkedHashMap<String, Object>();
        data.put("version", definition.version());
        data.put("hash", definition.hash());
        data.put("form", structure.expressions().isEmpty() ? "java" : "yaml");
        data.put("structure", Json.value(structure.canonical().getBytes(StandardCharsets.UTF_8), Map.class));
        var event = new Event(
                definition.name() + "/" + definition.version(),
                "SagaRegistered",
                "sluice://saga/" + definition.name(),
                clockMicros.getAsLong(),
                Event.JSON,
                Map.of(),
                null,
                Json.bytes(data));
        return log.append(Append.to(stream, Expected.version(version), List.of(event)))
                .mapEmpty();
    }
}
