package dev.sluice.server;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.bus.Mesh;
import dev.sluice.command.AggregateProvider;
import dev.sluice.command.CommandRoom;
import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.Resolver;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.Position;
import dev.sluice.log.Shard;
import dev.sluice.projection.Projection;
import dev.sluice.projection.ProjectionProvider;
import dev.sluice.projection.ProjectionRoom;
import dev.sluice.projection.ViewMemory;
import dev.sluice.resilience.PolicySet;
import dev.sluice.resilience.Registry;
import dev.sluice.resilience.Sidecar;
import dev.sluice.saga.Failpoints;
import dev.sluice.saga.SagaLimits;
import dev.sluice.saga.SagaProvider;
import dev.sluice.saga.SagaRoom;
import dev.sluice.server.gateway.Gateway;
import dev.sluice.server.gateway.GatewayOptions;
import dev.sluice.server.gateway.Health;
import dev.sluice.server.gateway.Info;
import dev.sluice.server.gateway.SagaInstances;
import dev.sluice.server.live.Live;
import dev.sluice.server.live.LiveOptions;
import dev.sluice.server.mesh.ControlPlane;
import dev.sluice.server.mesh.Journal;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the rooms together, starts them in the order of an event's way from its end, and stops them from its beginning. */
public final class Wiring implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Wiring.class);
    private static final long BLOCKED_LOOP_MILLIS = 100;
    private static final int READ_THREADS = 4;
    private static final long STEP_SECONDS = 60;
    /** How long a retry waits for the projection that it is about. */
    private static final long FOLD_MILLIS = 5_000;
    /** Of {@code memory.budget}: a quarter for the view store, the rest for the log. */
    private static final int VIEW_SHARE = 4;
    /** Its name, as long as there is one. */
    private static final String NODE = "n1";

    private final Config config;
    private final LogOptions clock = LogOptions.defaults();
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Vertx vertx;
    private final Sidecar mesh;
    private final Log log;
    private final ReadPool reads;
    private final CommandRoom commands;
    private final ProjectionRoom projections;
    private final ProjectionFiles projectionFiles;
    private final SagaRoom sagas;
    private final SagaFiles sagaFiles;
    private final ControlPlane control;
    private final PolicyFiles policyFiles;
    private final RequiredProjections required;
    private final Live live;
    private final DeadLetters letters;
    private final Gateway gateway;
    private final LocalEventLog events;
    private final KafkaSources sources;
    private final Participants participants;
    private @Nullable String controlPlane;
    private volatile boolean isStarted;
    private int port;

    private Wiring(Config config) {
        this.config = config;
        this.vertx = vertx(metrics);
        Path folder = config.dataFolder();
        this.log = Log.open(folder.resolve("log"), logOptions());
        var bus = EventBusMesh.on(vertx);
        var journal = new Journal(vertx, log::append, clock.clockMicros(), metrics);
        this.mesh = new Sidecar(
                vertx,
                bus,
                System::nanoTime,
                journal,
                new Sidecar.Node(NODE, null, Version.NUMBER),
                new Registry(journal));
        if (config.flag(ConfigKey.MESH_STRICT)) {
            bus.guard(mesh::isUnderPolicy);
        }
        this.reads = new ReadPool(vertx, READ_THREADS);
        this.events = new LocalEventLog(vertx, log, mesh, reads);
        this.control = new ControlPlane(mesh, journal, events, System::nanoTime, metrics);
        this.policyFiles = new PolicyFiles(config.policyFolder(), new PoliciesOfFiles());
        this.commands = new CommandRoom(events, mesh, reads, config.number(ConfigKey.COMMANDS_STATES), metrics);
        this.projections = new ProjectionRoom(
                vertx,
                log,
                folder.resolve("views"),
                config.duration(ConfigKey.VIEWS_FLUSH_INTERVAL),
                ViewMemory.of(config.size(ConfigKey.MEMORY_BUDGET) / VIEW_SHARE),
                mesh,
                metrics);
        this.sagas = new SagaRoom(vertx, events, mesh, sagaLimits(), clock.clockMicros(), metrics, Failpoints.NONE);
        this.sagaFiles = new SagaFiles(config.sagaFolders(), saga -> await(sagas.register(saga)));
        this.projectionFiles = new ProjectionFiles(config.projectionFolders(), projections);
        this.required = new RequiredProjections(
                config.texts(ConfigKey.PROJECTIONS_REQUIRED),
                config.duration(ConfigKey.PROJECTIONS_MAX_LAG).toMillis(),
                projections);
        this.live = new Live(
                vertx,
                liveOptions(),
                events,
                projections,
                new SagaInstances(sagas, clock.clockMicros()),
                mesh,
                metrics);
        this.letters = new DeadLetters(events, new LettersOfProjections());
        this.sources = new KafkaSources(config, vertx, log.id(), events, letters, metrics);
        this.participants = new Participants(config, vertx, log.id(), mesh, metrics);
        this.gateway = new Gateway(
                vertx,
                gatewayOptions(),
                rooms(),
                new Info(Version.NUMBER, NODE, clock.clockMicros().getAsLong(), clock.clockMicros(), sources::info),
                new ProcessHealth(),
                metrics);
        for (int shard = 0; shard < log.shards(); shard++) {
            Gauge.builder("log.head", log.shard(shard), Shard::head)
                    .tag("shard", String.valueOf(shard))
                    .register(metrics);
        }
        await(vertx.deployVerticle(new ShardVerticle(log, mesh)));
    }

    /** Starts everything; returns when requests are answered. Blocks: not for an event loop. */
    public static Wiring start(Config config) {
        var wiring = new Wiring(config);
        try {
            wiring.startControl();
            wiring.registerAggregates();
            wiring.registerProjections();
            wiring.projectionFiles.start();
            wiring.participants.start();
            wiring.startSagas();
            wiring.port = await(wiring.gateway.listen());
            wiring.sources.start();
            wiring.isStarted = true;
            LOG.info(
                    "started version={} port={} shards={} data={}",
                    Version.NUMBER,
                    wiring.port,
                    wiring.log.shards(),
                    config.dataFolder());
            return wiring;
        } catch (RuntimeException | Error refused) {
            wiring.close();
            throw refused;
        }
    }

    /** The port that HTTP listens on. */
    public int port() {
        return port;
    }

    /** Where participants of sagas that are in this process answer. */
    public Mesh mesh() {
        return mesh;
    }

    /** Where it answers from this machine. */
    public String url() {
        String host = config.text(ConfigKey.HTTP_HOST);
        boolean isAny = host.equals("0.0.0.0") || host.equals("::");
        return "http://" + (isAny ? "127.0.0.1" : host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    private static Vertx vertx(PrometheusMeterRegistry metrics) {
        var options = new VertxOptions()
                .setBlockedThreadCheckInterval(BLOCKED_LOOP_MILLIS)
                .setBlockedThreadCheckIntervalUnit(TimeUnit.MILLISECONDS)
                .setMaxEventLoopExecuteTime(BLOCKED_LOOP_MILLIS)
                .setMaxEventLoopExecuteTimeUnit(TimeUnit.MILLISECONDS)
                .setMetricsOptions(new MicrometerMetricsOptions()
                        .setEnabled(true)
                        .addDisabledMetricsCategory(MetricsDomain.EVENT_BUS));
        return Vertx.builder()
                .with(options)
                .withMetrics(new MicrometerMetricsFactory(metrics))
                .build();
    }

    private LogOptions logOptions() {
        long memoryBytes = config.size(ConfigKey.MEMORY_BUDGET);
        return new LogOptions(
                config.number(ConfigKey.LOG_SHARDS),
                config.number(ConfigKey.LOG_QUEUE),
                Math.toIntExact(config.size(ConfigKey.LOG_MAX_EVENT)),
                Math.toIntExact(config.size(ConfigKey.LOG_MAX_APPEND)),
                Math.toIntExact(
                        config.duration(ConfigKey.LOG_APPEND_ID_RETENTION).toDays()),
                memoryBytes - memoryBytes / VIEW_SHARE,
                clock.clockMicros(),
                new LogMeters(metrics),
                clock.commitLogs());
    }

    private SagaLimits sagaLimits() {
        return new SagaLimits(
                config.number(ConfigKey.SAGAS_IN_FLIGHT),
                config.number(ConfigKey.SAGAS_BATCH),
                config.size(ConfigKey.SAGAS_CACHE),
                config.duration(ConfigKey.SAGAS_TIMER_WINDOW),
                Math.toIntExact(config.size(ConfigKey.LOG_MAX_EVENT)));
    }

    private LiveOptions liveOptions() {
        return new LiveOptions(
                config.number(ConfigKey.WS_MAX_SUBSCRIPTIONS),
                config.number(ConfigKey.WS_MAX_WINDOW),
                Math.toIntExact(config.size(ConfigKey.WS_MAX_FRAME)),
                config.duration(ConfigKey.WS_PING).toMillis());
    }

    private GatewayOptions gatewayOptions() {
        return new GatewayOptions(
                config.text(ConfigKey.HTTP_HOST),
                config.number(ConfigKey.HTTP_PORT),
                config.texts(ConfigKey.HTTP_ALLOWED_HOSTS),
                config.texts(ConfigKey.HTTP_ALLOWED_ORIGINS),
                Math.toIntExact(config.size(ConfigKey.HTTP_MAX_BODY)));
    }

    private Gateway.Rooms rooms() {
        var resolver = new Resolver(
                events,
                letters,
                config.sources(),
                Math.toIntExact(config.size(ConfigKey.LOG_MAX_EVENT)),
                new LettersOfSagas());
        return new Gateway.Rooms(
                events, projections, live, letters, resolver, config.sources(), control, commands, sagas);
    }

    /** Policies apply before anybody is served. */
    private void startControl() {
        controlPlane = await(vertx.deployVerticle(control, onWorker()));
        policyFiles.start();
    }

    private void registerAggregates() {
        ServiceLoader.load(AggregateProvider.class).stream()
                .flatMap(provider -> provider.get().aggregates().stream())
                .forEach(commands::register);
    }

    /** Those written in Java; of a name the newest version first, since older ones are only to be rolled back to. */
    private void registerProjections() {
        ServiceLoader.load(ProjectionProvider.class).stream()
                .flatMap(provider -> provider.get().projections().stream())
                .sorted(Comparator.<Projection<?>>comparingInt(Projection::version)
                        .reversed())
                .forEach(projection -> await(projections.register(projection)));
    }

    /** All versions first: an instance whose code is missing parks. */
    private void startSagas() {
        ServiceLoader.load(SagaProvider.class).stream()
                .flatMap(provider -> provider.get().sagas().stream())
                .forEach(saga -> await(sagas.register(saga)));
        sagaFiles.start();
        await(sagas.start());
    }

    static DeploymentOptions onWorker() {
        return new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER);
    }

    /** Not ready, goodbye to subscribers, finish what was polled and asked, close views and log. Blocks. */
    @Override
    public void close() {
        gateway.drain();
        step("goodbye", () -> await(live.drain()));
        step("sources", sources::close);
        step("dead letters", () -> await(sources.stopLetterReaders()));
        step("gateway", () -> await(gateway.close()));
        step("saga files", sagaFiles::close);
        step("sagas", () -> await(sagas.close()));
        step("participants", participants::close);
        step("projection files", projectionFiles::close);
        step("policy files", policyFiles::close);
        step("commands", () -> await(commands.close()));
        step("projections", projections::close);
        step("control plane", () -> await(stopControl()));
        step("mesh", mesh::close);
        step("log", log::close);
        step("vertx", () -> await(vertx.close()));
        LOG.info("stopped");
    }

    private Future<Void> stopControl() {
        return controlPlane == null ? Future.succeededFuture() : vertx.undeploy(controlPlane);
    }

    /** One step of stopping: what goes wrong in it must not keep the log from being closed. */
    private static void step(String name, Runnable stop) {
        try {
            stop.run();
        } catch (RuntimeException failed) {
            LOG.error("stop_failed step={}", name, failed);
        }
    }

    static <T> T await(Future<T> future) {
        try {
            return future.await(STEP_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException late) {
            throw Failure.of(Failure.Kind.DEADLINE_EXCEEDED, "found no answer within " + STEP_SECONDS + " s");
        }
    }

    private final class PoliciesOfFiles implements PolicyFiles.Applying {
        @Override
        public void apply(PolicySet set, Map<String, String> texts) {
            await(control.proposeFiles(texts));
        }

        @Override
        public void refused(Path file, Failure problem) {
            control.rejectFile(file.toString(), problem);
        }
    }

    private final class LettersOfProjections implements DeadLetters.Projections {
        @Override
        public boolean isCurrent(String projection, int generation) {
            return projections.list().stream()
                    .filter(info -> info.name().equals(projection))
                    .anyMatch(info -> generation == info.generation()
                            || (info.building() != null
                                    && generation == info.building().generation()));
        }

        @Override
        public Future<Void> reached(String projection, Cursor cursor) {
            return projections.view(projection).reached(cursor, FOLD_MILLIS);
        }
    }

    private final class LettersOfSagas implements DeadLetters.Sagas {
        @Override
        public boolean isKnown(String saga) {
            return sagas.definitions().stream().anyMatch(each -> each.name().equals(saga));
        }

        @Override
        public Future<DeadLetters.Retried> retried(String saga, Position letter) {
            return sagas.retried(saga, letter)
                    .map(told -> new DeadLetters.Retried(
                            told.verdicts().stream()
                                    .map(each -> new DeadLetters.Became(
                                            letter, each.kind().word(), each.key(), each.detail()))
                                    .toList(),
                            told.again()));
        }
    }

    private final class ProcessHealth implements Health {
        @Override
        public boolean isStarted() {
            return isStarted;
        }

        @Override
        public List<Check> checks() {
            var checks = new ArrayList<Check>();
            for (int shard = 0; shard < log.shards(); shard++) {
                boolean isOpen = isShardOpen(shard);
                checks.add(new Check(
                        "shard-" + shard,
                        isOpen ? Status.UP : Status.DOWN,
                        isOpen ? null : "found a failed commit, expected a restart of the process"));
            }
            checks.addAll(sources.checks());
            checks.addAll(participants.checks());
            checks.addAll(required.checks());
            checks.addAll(fileChecks(projectionFiles.problems()));
            checks.addAll(fileChecks(policyFiles.problems()));
            checks.addAll(fileChecks(sagaFiles.problems()));
            return checks;
        }

        private static List<Check> fileChecks(Map<Path, String> problems) {
            return problems.entrySet().stream()
                    .map(each -> new Check("file-" + each.getKey().getFileName(), Status.DEGRADED, each.getValue()))
                    .toList();
        }

        @Override
        public boolean isShardOpen(int shard) {
            return log.shard(shard).isHealthy();
        }
    }
}
