package dev.sluice.participant;

import dev.sluice.log.Failure;
import dev.sluice.spi.ParticipantReply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is told of one participant: {@code participant.calls} by result, {@code participant.waiting}, {@code participant.replies}. */
final class ParticipantMeters {
    private final MeterRegistry registry;
    private final String address;

    /** @param address of the participant on the mesh */
    ParticipantMeters(MeterRegistry registry, String address) {
        this.registry = registry;
        this.address = address;
    }

    /** Shows how many commands wait for an answer. */
    void waiting(Supplier<Number> count) {
        Gauge.builder("participant.waiting", count)
                .description("commands that wait for the answer of a participant")
                .tag("participant", address)
                .register(registry);
    }

    /** Counts a call when it ends. */
    Future<ParticipantReply> measured(long startNanos, Future<ParticipantReply> answer) {
        return answer.onComplete(done -> Timer.builder("participant.calls")
                .tag("participant", address)
                .tag("result", result(done.result(), done.cause()))
                .register(registry)
                .record(System.nanoTime() - startNanos, TimeUnit.NANOSECONDS));
    }

    private static String result(@Nullable ParticipantReply reply, @Nullable Throwable failed) {
        if (reply != null) {
            return reply.isRejection() ? "rejected" : "replied";
        }
        boolean isUnsent = failed instanceof Failure failure && failure.kind() != Failure.Kind.OUTCOME_UNKNOWN;
        return isUnsent ? "not-done" : "unknown";
    }

    /** What became of what came on a reply topic. */
    Counter replies(String result) {
        return Counter.builder("participant.replies")
                .tag("participant", address)
                .tag("result", result)
                .register(registry);
    }
}
