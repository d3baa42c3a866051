package dev.sluice.server.mesh;

import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.resilience.Counts;
import dev.sluice.resilience.InstanceListener;
import dev.sluice.resilience.MeshOperations.Applied;
import dev.sluice.resilience.Registry;
import dev.sluice.resilience.StateListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what the mesh does and appends it to {@code $mesh} in order, from a worker: whose call it happened in neither waits nor fails. At
 * most {@value #MOST_WAITING} events wait; beyond, and when an append fails, they are dropped and counted. Any thread.
 */
public final class Journal implements StateListener, InstanceListener {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    static final int MOST_WAITING = 1_000;
    private static final int EVENTS_AT_ONCE = 100;

    private final Vertx vertx;
    private final MeshLog log;
    private final MeterRegistry metrics;
    private final Counter dropped;
    private final Promise<Void> idle = Promise.promise();
    private final ArrayDeque<MeshLog.Happened> waiting = new ArrayDeque<>();
    private boolean isAppending;
    private boolean isClosed;
    private volatile Applied applied = Applied.NONE;

    /** @param append to the log, past the mesh */
    public Journal(
            Vertx vertx,
            Function<Append, CompletionStage<Appended>> append,
            LongSupplier clockMicros,
            MeterRegistry metrics) {
        this.vertx = vertx;
        this.log = new MeshLog(append, clockMicros);
        this.metrics = metrics;
        this.dropped = Counter.builder("mesh.events.dropped").register(metrics);
    }

    MeshLog log() {
        return log;
    }

    /** From now on the policies are these. */
    void applied(Applied now) {
        applied = now;
    }

    @Override
    public void changed(StateListener.Change change) {
        LOG.info(
                "breaker_changed breaker={} from={} to={} cause={}",
                change.breaker(),
                change.from(),
                change.to(),
                change.cause());
        metrics.counter("breaker.transitions", "to", MeshLog.word(change.to())).increment();
        var now = applied;
        var policy = now.policies().of(Registry.Endpoint.addressOf(change.breaker()));
        tell(
                MeshLog.BREAKER_STATE_CHANGED,
                new JsonObject()
                        .put("breaker", change.breaker())
                        .put("from", MeshLog.word(change.from()))
                        .put("to", MeshLog.word(change.to()))
                        .put("cause", MeshLog.word(change.cause()))
                        .put("generation", change.generation())
                        .put("counts", json(change.counts()))
                        .put("policy", policy == null ? null : policy.name())
                        .put("policyVersion", now.version())
                        .put("openForMillis", TimeUnit.NANOSECONDS.toMillis(change.openNanos())));
    }

    /** Those that come and go in order are not told: there are as many at each start and stop as there are consumers. */
    @Override
    public void changed(InstanceListener.Change change) {
        String type =
                switch (change.kind()) {
                    case REGISTERED, DRAINING, REMOVED -> null;
                    case EJECTED -> MeshLog.INSTANCE_EJECTED;
                    case RESTORED -> MeshLog.INSTANCE_RESTORED;
                    case LOST -> MeshLog.INSTANCE_LOST;
                };
        var endpoint = change.endpoint();
        if (type != null) {
            LOG.info("instance_changed instance={} to={} failures={}", endpoint.id(), change.kind(), change.failures());
            tell(
                    type,
                    new JsonObject()
                            .put("instance", endpoint.id())
                            .put("address", endpoint.address())
                            .put("node", endpoint.node())
                            .put("failures", change.failures())
                            .put("ejectedForMillis", TimeUnit.NANOSECONDS.toMillis(change.ejectedNanos())));
        }
    }

    private static JsonObject json(Counts counts) {
        return new JsonObject()
                .put("requests", counts.requests())
                .put("successes", counts.successes())
                .put("failures", counts.failures())
                .put("consecutiveSuccesses", counts.consecutiveSuccesses())
                .put("consecutiveFailures", counts.consecutiveFailures())
                .put("slow", counts.slow())
                .put("stale", counts.stale());
    }

    void tell(String type, JsonObject data) {
        var event = log.happened(type, data);
        boolean hasBegun;
        synchronized (waiting) {
            if (isClosed || waiting.size() >= MOST_WAITING) {
                dropped.increment();
                return;
            }
            waiting.add(event);
            hasBegun = !isAppending;
            isAppending = true;
        }
        if (hasBegun) {
            appendNext();
        }
    }

    private void appendNext() {
        vertx.<@Nullable Void>executeBlocking(
                        () -> {
                            append();
                            return null;
                        },
                        false)
                .onFailure(this::stop);
    }

    /** By a bug, or with Vert.x: what comes from now on is dropped. */
    private void stop(Throwable cause) {
        LOG.error("mesh_journal_stopped", cause);
        synchronized (waiting) {
            isClosed = true;
            dropped.increment(waiting.size());
            waiting.clear();
        }
        idle.tryComplete();
    }

    private void append() {
        var events = next();
        if (events.isEmpty()) {
            return;
        }
        log.append(events).whenComplete((appended, refused) -> {
            if (refused != null) {
                dropped.increment(events.size());
                LOG.warn("mesh_events_dropped count={} problem=\"{}\"", events.size(), refused.getMessage());
            }
            appendNext();
        });
    }

    /** Empty when there is nothing to do until somebody tells again. */
    private List<MeshLog.Happened> next() {
        synchronized (waiting) {
            var events = new ArrayList<MeshLog.Happened>();
            while (events.size() < EVENTS_AT_ONCE && !waiting.isEmpty()) {
                events.add(waiting.remove());
            }
            if (events.isEmpty()) {
                isAppending = false;
                if (isClosed) {
                    idle.tryComplete();
                }
            }
            return events;
        }
    }

    /** Takes no more; done when what it has taken is appended or dropped. */
    Future<Void> close() {
        synchronized (waiting) {
            isClosed = true;
            if (!isAppending) {
                idle.tryComplete();
            }
        }
        return idle.future();
    }
}
