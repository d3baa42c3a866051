package dev.sluice.server.mesh;

import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** Writes the stream {@code $mesh}. */
final class MeshLog {
    static final String STREAM = "$mesh";
    static final String POLICY_APPLIED = "PolicyApplied";
    static final String POLICY_REJECTED = "PolicyRejected";
    static final String BREAKER_FORCED = "BreakerForced";
    static final String BREAKER_STATE_CHANGED = "BreakerStateChanged";
    static final String RATE_LIMIT_DENIED = "RateLimitDenied";
    static final String INSTANCE_EJECTED = "InstanceEjected";
    static final String INSTANCE_RESTORED = "InstanceRestored";
    static final String INSTANCE_LOST = "InstanceLost";
    private static final String SOURCE = "sluice://mesh";

    private final Function<Append, CompletionStage<Appended>> append;
    private final LongSupplier clockMicros;

    /** @param append past the mesh: else nobody could lift what a policy, or an order, does to the log itself */
    MeshLog(Function<Append, CompletionStage<Appended>> append, LongSupplier clockMicros) {
        this.append = append;
        this.clockMicros = clockMicros;
    }

    /** Something that has happened; the data is encoded when it is appended. */
    record Happened(String type, long timeMicros, JsonObject data) {
        private Event toEvent() {
            return new Event(
                    UUID.randomUUID().toString(),
                    type,
                    SOURCE,
                    timeMicros,
                    Event.JSON,
                    Map.of(),
                    null,
                    data.toBuffer().getBytes());
        }
    }

    /** Happened now. */
    Happened happened(String type, JsonObject data) {
        return new Happened(type, clockMicros.getAsLong(), data);
    }

    /** Together, in order; the answer comes on the thread that commits. */
    CompletionStage<Appended> append(List<Happened> events) {
        return append.apply(Append.to(
                STREAM, Expected.ANY, events.stream().map(Happened::toEvent).toList()));
    }

    /** As a constant is written outside. */
    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
