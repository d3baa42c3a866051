package dev.sluice.saga;

import dev.sluice.bus.Mesh;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The sagas of a process: an engine for each shard, and a reader of the log for all of them. */
public final class SagaRoom {
    private final Vertx vertx;
    private final EventLog log;
    private final Definitions definitions = new Definitions();
    private final DefinitionLog registered;
    private final Tally tally;
    private final Missing missing;
    private final Inquiries inquiries;
    private final Retries retries;
    private final List<Engine> engines = new ArrayList<>();
    private final List<String> deployed = new ArrayList<>();
    private Future<Void> changes = Future.succeededFuture();

    /** An event of an instance's stream. */
    public record Happened(long version, long recordedMicros, SagaEvent event) {}

    /** Instances; {@code after} is where the next page begins, null when there is none. */
    public record Page(List<Instance> instances, @Nullable String after) {}

    /** What became of a dead letter that was tried again: {@code again} are those that were written anew. */
    public record Retried(List<Verdict> verdicts, List<Position> again) {}

    public SagaRoom(
            Vertx vertx,
            EventLog log,
            Mesh mesh,
            SagaLimits limits,
            LongSupplier clockMicros,
            MeterRegistry metrics,
            Failpoints failpoints) {
        this.vertx = vertx;
        this.log = log;
        registered = new DefinitionLog(log, clockMicros);
        tally = new Tally(log, metrics);
        missing = new Missing(definitions, tally);
        inquiries = new Inquiries(log, definitions, missing, clockMicros);
        retries = new Retries(log, definitions, missing, inquiries);
        var shared = new Engine.Shared(
                log,
                definitions,
                new Participants(log, mesh, clockMicros),
                limits,
                clockMicros,
                failpoints,
                tally::reacted);
        for (int shard = 0; shard < log.shards(); shard++) {
            engines.add(new Engine(shared, shard));
        }
    }

    /**
     * Takes a version of a saga on: new instances have the newest, live ones go on with theirs. DEFINITION_INVALID when that version was
     * registered with another content.
     */
    public synchronized Future<Void> register(SagaDefinition definition) {
        changes = changes.otherwiseEmpty()
                .compose(before -> registered.register(definition))
                .onSuccess(done -> {
                    definitions.add(definition);
                    tally.watch(definition.name());
                });
        return changes;
    }

    /** Goes on where the store is; when all that have live instances are {@link #register registered}. */
    public Future<Void> start() {
        var worker = new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER);
        return tally.load()
                .compose(loaded -> registered.all())
                .onSuccess(all -> {
                    missing.know(all);
                    all.forEach(version -> {
                        definitions.know(version);
                        tally.watch(version.name());
                    });
                })
                .compose(known -> Future.all(
                        engines.stream().map(engine -> deploy(engine, worker)).toList()))
                .compose(booted -> Future.all(engines.stream().map(Engine::work).toList()))
                .compose(working -> deploy(new Intake(log, definitions, missing, retries, engines), worker));
    }

    private Future<Void> deploy(Deployable verticle, DeploymentOptions options) {
        return vertx.deployVerticle(verticle, options)
                .onSuccess(id -> {
                    synchronized (deployed) {
                        deployed.add(0, id);
                    }
                })
                .mapEmpty();
    }

    /** What an operator does; WRONG_STATUS when it cannot be done now, NOT_FOUND. Answers after its commit. */
    public Future<Instance> act(String saga, String key, Input.OperatorAction action) {
        var id = new InstanceId(saga, key);
        var answer = new CompletableFuture<Instance>();
        engines.get(inquiries.shardOf(id)).act(new Incoming.Acted(id, action, answer));
        return Future.fromCompletionStage(answer, vertx.getOrCreateContext());
    }

    /** The stream that tells of a run of an instance. */
    public static String stream(String saga, String key, int run) {
        return new InstanceId(saga, key).stream(run);
    }

    /** The newest run of a key as it is committed; NOT_FOUND. */
    public Future<Instance> instance(String saga, String key) {
        var id = new InstanceId(saga, key);
        return inquiries.instance(id).map(found -> {
            if (found == null) {
                throw Inquiries.unknown(id);
            }
            return found;
        });
    }

    /** What happened to a run, from a version of its stream on: a page. */
    public Future<List<Happened>> history(String saga, String key, int run, long fromVersion) {
        return inquiries.history(new InstanceId(saga, key), run, fromVersion);
    }

    /**
     * Instances in the order of their keys; of each key the newest run. A page may be short of its limit and still not be the last.
     *
     * @param afterKey of the page before, empty for the first
     */
    public Future<Page> list(InstanceQuery query, String afterKey, int limit) {
        return inquiries.list(query, afterKey, limit);
    }

    /** What the sagas did with an event: one verdict for each instance that it concerns; none when it concerns none. */
    public Future<List<Verdict>> why(RecordedEvent event) {
        return inquiries.why(event);
    }

    /**
     * What becomes of a dead letter that is tried again. To be asked before the retry is written; answers once it was taken, or that it was not within some
     * seconds: then it will be.
     */
    public Future<Retried> retried(String saga, Position letter) {
        return retries.of(saga, letter);
    }

    /** All versions that this process has the code of. */
    public List<SagaDefinition> definitions() {
        return definitions.all();
    }

    /** All versions that were ever registered, by the name of their saga; the newest first. */
    public SortedMap<String, List<SagaVersion>> versions() {
        return definitions.versions();
    }

    /** How many instances of a saga have which status. */
    public Map<Status, Long> counts(String saga) {
        return tally.counts(saga);
    }

    /** Lets writes under way end; what was not answered yet is sent again at the next start. */
    public Future<Void> close() {
        var stopping = Future.<Void>succeededFuture();
        synchronized (deployed) {
            for (var id : deployed) {
                stopping = stopping.eventually(() -> vertx.undeploy(id));
            }
        }
        return stopping;
    }
}
