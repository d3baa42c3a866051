package dev.sluice.server.gateway;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.expression.Filters;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.scenario.Diagram;
import dev.sluice.server.gateway.wire.PageCursor;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** {@code /v1/sagas}: definitions, instances, and what happened to these. */
final class SagaRoutes {
    static final String INSTANCES = "/v1/sagas/{saga}/instances";
    static final String INSTANCE = INSTANCES + "/{key}";

    private static final int PAGE_EVENTS = 1_000;
    private static final Structure NONE = new Structure(
            "saga",
            1,
            new Trigger("start", "Started"),
            List.of(),
            null,
            false,
            Structure.STUCK_AFTER,
            Structure.HOLD_EARLY,
            null,
            List.of(),
            false,
            false,
            Map.of());

    private final SagaRoom sagas;
    private final EventLog log;
    private final LongSupplier clockMicros;

    SagaRoutes(SagaRoom sagas, EventLog log, LongSupplier clockMicros) {
        this.sagas = sagas;
        this.log = log;
        this.clockMicros = clockMicros;
        rehearse();
    }

    /** Loads what the first request needs here, where loading classes holds up no event loop. */
    private static void rehearse() {
        SagaJson.answer(200, SagaJson.instance(Instance.of("saga", "key", 1), NONE, 0));
        SagaJson.happened(new SagaRoom.Happened(1, 0, new SagaEvent.SagaCompleted()));
        Filters.rows("x > 1");
    }

    void addTo(Routes routes) {
        routes.get("/v1/sagas", this::list)
                .get("/v1/sagas/{saga}", this::saga)
                .get("/v1/sagas/{saga}/diagram", this::diagram)
                .get(INSTANCES, this::instances)
                .get(INSTANCE, this::instance)
                .get(INSTANCE + "/history", this::history);
    }

    private Future<Answer> list(Call call) {
        Query query = call.query("limit", "cursor");
        var all = List.copyOf(sagas.versions().values());
        return Future.succeededFuture(NamedPage.of(
                query, "sagas", all, versions -> versions.get(0).structure().name(), this::summary));
    }

    private JsonObject summary(List<SagaVersion> versions) {
        return SagaJson.saga(versions, sagas.counts(versions.get(0).structure().name()));
    }

    private Future<Answer> saga(Call call) {
        call.query();
        var versions = versions(call.path("saga"));
        return Future.succeededFuture(Answer.json(
                200,
                summary(versions)
                        .put(
                                "definition",
                                new JsonObject(SagaVersion.newest(versions).canonical()))));
    }

    private List<SagaVersion> versions(String saga) {
        return SagaJson.versions(sagas, saga);
    }

    private Future<Answer> diagram(Call call) {
        String key = call.query("key").filled("key");
        String mediaType = MediaTypes.choose(call.accept(), List.of("text/vnd.mermaid", "text/plain"));
        String saga = call.path("saga");
        var versions = versions(saga);
        return (key == null
                        ? Future.succeededFuture(Diagram.of(SagaVersion.newest(versions), sagas.counts(saga)))
                        : sagas.instance(saga, key).map(instance -> Diagram.of(pinned(versions, instance), instance)))
                .map(text -> Answer.of(200, mediaType, Buffer.buffer(text)));
    }

    /** The version of an instance: what begins has been registered before. */
    private static Structure pinned(List<SagaVersion> versions, Instance instance) {
        return versions.stream()
                .map(SagaVersion::structure)
                .filter(each -> each.version() == instance.version())
                .findFirst()
                .orElseThrow();
    }

    private Future<Answer> instances(Call call) {
        Query query = call.query("status", "step", "olderThan", "where", "limit", "cursor");
        String saga = call.path("saga");
        var filter = SagaFilter.of(saga, query, clockMicros.getAsLong());
        String after = PageCursor.parse(query.text("cursor"));
        int limit = query.limit();
        var newest = SagaVersion.newest(versions(saga));
        long stuckBefore = newest.stuckBefore(clockMicros.getAsLong());
        String head = log.head().encode();
        return filter.page(sagas, after == null ? "" : after, limit).map(page -> {
            var body = JsonNodeFactory.instance.objectNode();
            var all = body.putArray("instances");
            page.instances().forEach(each -> all.add(SagaJson.summary(each, stuckBefore)));
            body.put("cursor", page.after() == null ? null : PageCursor.after(page.after()))
                    .put("asOf", head);
            var answer = SagaJson.answer(200, body);
            return filter.failures() == 0
                    ? answer
                    : answer.with(EventRoutes.FAILURES_HEADER, String.valueOf(filter.failures()));
        });
    }

    private Future<Answer> instance(Call call) {
        Query query = call.query("run");
        return run(call, query).map(this::whole).map(json -> SagaJson.answer(200, json));
    }

    ObjectNode whole(Instance instance) {
        var version = pinned(versions(instance.saga()), instance);
        return SagaJson.instance(instance, version, version.stuckBefore(clockMicros.getAsLong()));
    }

    /** The run that is asked for, the newest when none is. */
    private Future<Instance> run(Call call, Query query) {
        String saga = call.path("saga");
        String key = call.path("key");
        int run = (int) query.number("run", 0, 1, Integer.MAX_VALUE);
        return sagas.instance(saga, key).compose(newest -> {
            if (run == 0 || run == newest.run()) {
                return Future.succeededFuture(newest);
            }
            if (run > newest.run()) {
                return Future.failedFuture(Failure.of(
                        Kind.NOT_FOUND,
                        "found no run " + run + " of instance " + saga + "/" + Query.shown(key) + ", expected 1 to "
                                + newest.run()));
            }
            return fold(Instance.of(saga, key, run), 1);
        });
    }

    private Future<Instance> fold(Instance into, long from) {
        return sagas.history(into.saga(), into.key(), into.run(), from).compose(page -> {
            page.forEach(each -> into.fold(each.event(), each.recordedMicros()));
            return page.size() < PAGE_EVENTS ? Future.succeededFuture(into) : fold(into, from + page.size());
        });
    }

    private Future<Answer> history(Call call) {
        Query query = call.query("run", "from", "limit");
        long from = query.number("from", 1, 1, Long.MAX_VALUE);
        int limit = query.limit();
        return run(call, query).compose(instance -> sagas.history(instance.saga(), instance.key(), instance.run(), from)
                .map(found -> {
                    var body = JsonNodeFactory.instance
                            .objectNode()
                            .put("stream", SagaRoom.stream(instance.saga(), instance.key(), instance.run()))
                            .put("run", instance.run());
                    var events = body.putArray("events");
                    var page = new ArrayList<>(found.subList(0, Math.min(limit, found.size())));
                    page.forEach(each -> events.add(SagaJson.happened(each)));
                    boolean isLast = page.isEmpty() || page.get(page.size() - 1).version() >= instance.events();
                    body.put("from", isLast ? null : page.get(page.size() - 1).version() + 1);
                    return SagaJson.answer(200, body);
                }));
    }
}
