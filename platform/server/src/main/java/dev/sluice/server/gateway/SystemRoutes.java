package dev.sluice.server.gateway;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.projection.Projections;
import dev.sluice.shard.EventLog;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the process says about itself: info, shards, health, metrics. */
final class SystemRoutes {
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final EventLog log;
    private final Projections projections;
    private final Info info;
    private final Health health;
    private final BooleanSupplier isDraining;
    private final PrometheusMeterRegistry metrics;

    SystemRoutes(
            EventLog log,
            Projections projections,
            Info info,
            Health health,
            BooleanSupplier isDraining,
            PrometheusMeterRegistry metrics) {
        this.log = log;
        this.projections = projections;
        this.info = info;
        this.health = health;
        this.isDraining = isDraining;
        this.metrics = metrics;
    }

    void addTo(Routes routes, Workers workers) {
        routes.get("/v1/info", this::info)
                .get("/v1/shards", this::shards)
                .get("/health/live", call -> answered(call, null))
                .get("/health/ready", call -> answered(call, notReady()))
                .get("/health/startup", call -> answered(call, health.isStarted() ? null : "has not started yet"))
                .get("/metrics", call -> scrape(call, workers));
    }

    private Future<Answer> info(Call call) {
        call.query();
        var all = new JsonArray();
        projections.list().forEach(each -> all.add(ProjectionRoutes.summary(each)));
        return Future.succeededFuture(Answer.json(
                200,
                new JsonObject()
                        .put("version", info.version())
                        .put("node", info.node())
                        .put("uptimeMs", (info.clockMicros().getAsLong() - info.startedMicros()) / 1_000)
                        .put("shards", log.shards())
                        .put("kafka", kafka(info.kafka().get()))
                        .put("projections", all)));
    }

    private static @Nullable JsonObject kafka(Info.@Nullable Kafka kafka) {
        if (kafka == null) {
            return null;
        }
        var sources = new JsonArray();
        for (Info.KafkaSource source : kafka.sources()) {
            var one = new JsonObject()
                    .put("name", source.name())
                    .put("topics", new JsonArray(source.topics()))
                    .put("connected", source.connected())
                    .put("lag", source.lag());
            sources.add(source.problem() == null ? one : one.put("problem", source.problem()));
        }
        return new JsonObject()
                .put("bootstrapServers", kafka.bootstrapServers())
                .put("connected", kafka.connected())
                .put("sources", sources);
    }

    private Future<Answer> shards(Call call) {
        Query query = call.query("limit", "cursor");
        Cursor head = log.head();
        List<Integer> all = IntStream.range(0, log.shards()).boxed().toList();
        return Future.succeededFuture(NamedPage.of(query, "shards", all, "%04d"::formatted, shard -> new JsonObject()
                .put("shard", shard)
                .put("head", head.offset(shard))
                .put("state", health.isShardOpen(shard) ? "open" : "stopped")));
    }

    private @Nullable String notReady() {
        if (isDraining.getAsBoolean()) {
            return "is stopping";
        }
        if (!health.isStarted()) {
            return "has not started yet";
        }
        return health.checks().stream()
                .filter(check -> check.status() == Health.Status.DOWN)
                .findFirst()
                .map(check -> "is not ready: " + check.name() + " is down"
                        + (check.detail() == null ? "" : ", " + check.detail()))
                .orElse(null);
    }

    /** 200 with {@code status} up or degraded, else the problem; both with the checks. */
    private Future<Answer> answered(Call call, @Nullable String refusal) {
        call.query();
        var checks = new JsonArray();
        boolean isDegraded = false;
        for (Health.Check check : health.checks()) {
            isDegraded |= check.status() != Health.Status.UP;
            var one = new JsonObject().put("name", check.name()).put("status", word(check.status()));
            checks.add(check.detail() == null ? one : one.put("detail", check.detail()));
        }
        if (refusal != null) {
            throw Failure.of(Kind.UNAVAILABLE, "found a process that " + refusal)
                    .with("checks", checks.getList());
        }
        return Future.succeededFuture(Answer.json(
                200,
                new JsonObject().put("status", isDegraded ? "degraded" : "up").put("checks", checks)));
    }

    private static String word(Health.Status status) {
        return switch (status) {
            case UP -> "up";
            case DEGRADED -> "degraded";
            case DOWN -> "down";
        };
    }

    private Future<Answer> scrape(Call call, Workers workers) {
        call.query();
        return workers.run(Long.MAX_VALUE, () -> Answer.of(200, PROMETHEUS, Buffer.buffer(metrics.scrape())));
    }
}
