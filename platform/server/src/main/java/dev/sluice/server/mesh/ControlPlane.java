package dev.sluice.server.mesh;

import dev.sluice.log.Appended;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.resilience.CircuitBreaker;
import dev.sluice.resilience.DryRun;
import dev.sluice.resilience.MeshOperations;
import dev.sluice.resilience.PolicySet;
import dev.sluice.resilience.Registry;
import dev.sluice.resilience.Sidecar;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way in which policies come to apply: read, compiled with those of the other sources, appended to {@code $mesh}, swapped. What is
 * refused changes nothing. Begins with what the log says was applied last. To be deployed on a worker; one proposal or order at a time,
 * at most {@value #MOST_WAITING} wait.
 */
public final class ControlPlane extends VerticleBase implements MeshOperations {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
    static final int MOST_WAITING = 64;
    private static final String FILES = "files";
    private static final int EVENTS_A_READ = 500;
    private static final long LOOK_EVERY_MILLIS = 1_000;

    private final Sidecar sidecar;
    private final Journal journal;
    private final EventLog log;
    private final LongSupplier clockNanos;
    private final Observer observer;
    private final AtomicInteger waiting = new AtomicInteger();
    private Future<?> turn = Future.succeededFuture();
    private @Nullable Sources rejected;
    private volatile Applied applied = Applied.NONE;

    /**
     * @param journal the sidecar's listener
     * @param clockNanos the sidecar's
     */
    public ControlPlane(
            Sidecar sidecar, Journal journal, EventLog log, LongSupplier clockNanos, MeterRegistry metrics) {
        this.sidecar = sidecar;
        this.journal = journal;
        this.log = log;
        this.clockNanos = clockNanos;
        this.observer = new Observer(sidecar, journal, metrics);
    }

    @Override
    public Future<?> start() {
        return lastApplied(0).map(last -> {
            if (last != null) {
                begin(last);
            }
            vertx.setPeriodic(LOOK_EVERY_MILLIS, timer -> observer.look());
            return last;
        });
    }

    @Override
    public Future<?> stop() {
        return journal.close();
    }

    private Future<@Nullable RecordedEvent> lastApplied(long beforeVersion) {
        return log.readStream(MeshLog.STREAM, beforeVersion, Direction.BACKWARD, EVENTS_A_READ)
                .compose(events -> {
                    for (var event : events) {
                        if (event.type().equals(MeshLog.POLICY_APPLIED)) {
                            return Future.succeededFuture(event);
                        }
                    }
                    long oldest =
                            events.isEmpty() ? 1 : events.get(events.size() - 1).version();
                    return oldest == 1 ? Future.succeededFuture() : lastApplied(oldest - 1);
                });
    }

    private void begin(RecordedEvent last) {
        long version = Sources.data(last).getLong("version");
        var sources = Sources.of(last);
        try {
            swap(version, sources, sources.compile());
        } catch (Failure refused) {
            // Kept, so that one who mends a source meets what is wrong with the others.
            applied = new Applied(version, PolicySet.EMPTY, sources.list());
            LOG.error(
                    "policies_unreadable version={} problem=\"{}\" next=\"no policy applies until they are proposed anew\"",
                    version,
                    refused.getMessage());
        }
    }

    private void swap(long version, Sources sources, PolicySet set) {
        var next = new Applied(version, set, sources.list());
        applied = next;
        journal.applied(next);
        sidecar.apply(set);
    }

    @Override
    public List<Sidecar.Breaker> breakers() {
        return sidecar.breakers();
    }

    @Override
    public Sidecar.Breaker breaker(String address) {
        return sidecar.breakers().stream()
                .filter(breaker -> breaker.address().equals(address))
                .findFirst()
                .orElseThrow(() -> noBreaker(address));
    }

    private Failure noBreaker(String address) {
        var policy = sidecar.policies().of(Registry.Endpoint.addressOf(address));
        boolean hasOne =
                policy != null && policy.outbound() != null && policy.outbound().breaker() != null;
        return Failure.of(
                Failure.Kind.BREAKER_NOT_FOUND,
                "found " + (hasOne ? "no call yet to " : "no policy with a breaker for ") + address
                        + ", expected an address that has a breaker");
    }

    @Override
    public List<Sidecar.Limit> limits() {
        return sidecar.limits();
    }

    @Override
    public List<Registry.Instance> instances() {
        return sidecar.instances();
    }

    @Override
    public Applied applied() {
        return applied;
    }

    @Override
    public PolicySet.Explanation explain(String address) {
        return sidecar.policies().explain(Registry.Endpoint.addressOf(address));
    }

    @Override
    public Future<Applied> propose(String text, String source, String actor, Expected expected) {
        return inTurn(() -> {
            if (!expected.isMetBy(applied.version())) {
                return Future.failedFuture(Failure.of(
                                Failure.Kind.WRONG_EXPECTED_VERSION,
                                "found the policies at version " + applied.version() + ", expected " + expected.wire())
                        .with("expected", expected.wire())
                        .with("actual", applied.version()));
            }
            var before = Sources.of(applied);
            var given = new Source(source, Origin.HTTP, text);
            try {
                return apply(before, before.with(given), actor);
            } catch (Failure refused) {
                reject(new JsonArray().add(source), actor, refused);
                throw refused;
            }
        });
    }

    /**
     * Puts the policies of files in the place of those of all files before. DEFINITION_INVALID, and then nothing has changed.
     *
     * @param texts by the name that places begin with
     */
    public Future<Applied> proposeFiles(Map<String, String> texts) {
        return inTurn(() -> {
            var before = Sources.of(applied);
            var next = before.withFiles(texts);
            if (next.equals(before)) {
                return Future.succeededFuture(applied);
            }
            try {
                var done = apply(before, next, FILES);
                rejected = null;
                return done;
            } catch (Failure refused) {
                // Files are proposed until they are right; what is wrong with them is told once.
                if (!next.equals(rejected)) {
                    reject(new JsonArray(next.differences(before)), FILES, refused);
                    rejected = next;
                }
                throw refused;
            }
        });
    }

    /** Records a file that cannot be read, and so is never proposed. */
    public void rejectFile(String name, Failure problem) {
        reject(new JsonArray().add(name), FILES, problem);
    }

    private Future<Applied> apply(Sources before, Sources next, String actor) {
        var set = next.compile();
        var changed = next.differences(before);
        if (changed.isEmpty()) {
            return Future.succeededFuture(applied);
        }
        long version = applied.version() + 1;
        var event = new JsonObject()
                .put("version", version)
                .put("hash", set.version())
                .put("actor", actor)
                .put("changed", new JsonArray(changed))
                .put("sources", next.toJson());
        return append(MeshLog.POLICY_APPLIED, event)
                .map(appended -> {
                    swap(version, next, set);
                    LOG.info("policies_applied version={} hash={} sources={}", version, set.version(), changed);
                    return applied;
                })
                .recover(refused -> Future.failedFuture(tooLarge(refused)));
    }

    private static Throwable tooLarge(Throwable refused) {
        return refused instanceof Failure failure && failure.kind() == Failure.Kind.EVENT_TOO_LARGE
                ? Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        "found more policies than fit in one event, expected at most log.maxEvent: "
                                + failure.getMessage())
                : refused;
    }

    private void reject(JsonArray sources, String actor, Failure refused) {
        var event = new JsonObject()
                .put("version", applied.version())
                .put("actor", actor)
                .put("sources", sources)
                .put("problem", refused.getMessage());
        if (refused.details().get("violations") instanceof List<?> violations) {
            event.put("violations", new JsonArray(violations));
        }
        journal.tell(MeshLog.POLICY_REJECTED, event);
    }

    @Override
    public Future<Trial> dryRun(String text, String source) {
        return inTurn(() -> {
            var before = sidecar.policies();
            var after = Sources.of(applied)
                    .with(new Source(source, Origin.HTTP, text))
                    .compile();
            return Future.succeededFuture(
                    new Trial(before.changesTo(after), after, DryRun.of(before, after, sidecar.recorded())));
        });
    }

    @Override
    public Future<Sidecar.Breaker> order(String address, Order order, String actor, @Nullable String reason) {
        return inTurn(() -> {
            var breaker = sidecar.breaker(address);
            if (breaker == null) {
                throw noBreaker(address);
            }
            var event = new JsonObject()
                    .put("breaker", address)
                    .put("order", MeshLog.word(order))
                    .put("actor", actor)
                    .put("reason", reason);
            return append(MeshLog.BREAKER_FORCED, event).map(appended -> {
                obey(breaker, order);
                LOG.info("breaker_forced breaker={} order={}", address, MeshLog.word(order));
                return breaker(address);
            });
        });
    }

    private void obey(CircuitBreaker breaker, Order order) {
        long nowNanos = clockNanos.getAsLong();
        switch (order) {
            case OPEN -> breaker.forceOpen(nowNanos);
            case RESET -> breaker.reset(nowNanos);
            case DISABLE -> breaker.disable(nowNanos);
        }
    }

    private Future<Appended> append(String type, JsonObject data) {
        return Future.fromCompletionStage(
                journal.log().append(List.of(journal.log().happened(type, data))), context);
    }

    /** Begins when all before have ended, on the worker; the answer comes on the caller's context. */
    private <T> Future<T> inTurn(Supplier<Future<T>> task) {
        if (waiting.incrementAndGet() > MOST_WAITING) {
            waiting.decrementAndGet();
            return Future.failedFuture(Failure.of(
                    Failure.Kind.OVERLOADED,
                    "found " + MOST_WAITING + " proposals and orders waiting, expected fewer; try again in a moment"));
        }
        Context caller = vertx.getOrCreateContext();
        Promise<T> done = Promise.promise();
        context.runOnContext(begun -> {
            var mine = turn.<T>transform(before -> task.get());
            turn = mine;
            mine.onComplete(ended -> {
                waiting.decrementAndGet();
                done.handle(ended);
            });
        });
        return Future.fromCompletionStage(done.future().toCompletionStage(), caller);
    }
}
