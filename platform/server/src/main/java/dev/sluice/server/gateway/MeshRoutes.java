package dev.sluice.server.gateway;

import dev.sluice.resilience.MeshOperations;
import dev.sluice.resilience.MeshOperations.Order;
import dev.sluice.resilience.Policy;
import dev.sluice.resilience.Sidecar;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;

/** {@code /v1/mesh}: circuit breakers, limits, instances and policies. */
final class MeshRoutes {
    private static final String BREAKER = "/v1/mesh/breakers/{breaker}";
    private static final int MAX_SOURCE_CHARS = 200;

    private final MeshOperations mesh;

    MeshRoutes(MeshOperations mesh) {
        this.mesh = mesh;
    }

    void addTo(Routes routes) {
        routes.get("/v1/mesh/breakers", this::breakers)
                .get(BREAKER, this::breaker)
                .get("/v1/mesh/limits", this::limits)
                .get("/v1/mesh/instances", this::instances)
                .get("/v1/mesh/policies", this::policies)
                .withBody(HttpMethod.PUT, "/v1/mesh/policies", this::put)
                .withBody(HttpMethod.POST, "/v1/mesh/policies/dry-run", this::dryRun)
                .get("/v1/mesh/policies/explain", this::explain);
        for (Order order : Order.values()) {
            routes.withBody(
                    HttpMethod.POST, BREAKER + "/" + order.name().toLowerCase(Locale.ROOT), call -> order(call, order));
        }
    }

    private Future<Answer> breakers(Call call) {
        Query query = call.query("limit", "cursor");
        return Future.succeededFuture(
                NamedPage.of(query, "breakers", mesh.breakers(), Sidecar.Breaker::address, MeshJson::breaker));
    }

    private Future<Answer> breaker(Call call) {
        call.query();
        return Future.succeededFuture(Answer.json(200, MeshJson.breaker(mesh.breaker(call.path("breaker")))));
    }

    private Future<Answer> order(Call call, Order order) {
        String reason = GenerationRoutes.reason(call.query("reason"));
        call.checkNoBody();
        return mesh.order(call.path("breaker"), order, call.actor(), reason)
                .map(breaker -> Answer.json(200, MeshJson.breaker(breaker)));
    }

    private Future<Answer> limits(Call call) {
        Query query = call.query("limit", "cursor");
        return Future.succeededFuture(
                NamedPage.of(query, "limits", mesh.limits(), MeshRoutes::nameOf, MeshJson::limit));
    }

    private static String nameOf(Sidecar.Limit limit) {
        return String.join("\n", limit.scope(), limit.name(), limit.direction(), limit.kind());
    }

    private Future<Answer> instances(Call call) {
        Query query = call.query("limit", "cursor");
        return Future.succeededFuture(NamedPage.of(
                query, "instances", mesh.instances(), each -> each.endpoint().id(), MeshJson::instance));
    }

    private Future<Answer> policies(Call call) {
        Query query = call.query("limit", "cursor");
        var applied = mesh.applied();
        var page = NamedPage.json(query, "policies", applied.policies().policies(), Policy::name, PolicyJson::policy);
        return Future.succeededFuture(Answer.json(
                        200,
                        head(applied)
                                .put("sources", MeshJson.sources(applied))
                                .put("policies", page.getJsonArray("policies"))
                                .put("cursor", page.getString("cursor")))
                .with("ETag", tag(applied)));
    }

    private static JsonObject head(MeshOperations.Applied applied) {
        return new JsonObject()
                .put("version", applied.version())
                .put("hash", applied.policies().version());
    }

    private static String tag(MeshOperations.Applied applied) {
        return "\"" + applied.version() + "\"";
    }

    private Future<Answer> put(Call call) {
        String source = source(call.query("source"));
        var expected = Preconditions.expected(call.header("If-Match"), call.header("If-None-Match"));
        String text = call.definition();
        return mesh.propose(text, source, call.actor(), expected)
                .map(applied -> Answer.json(200, head(applied)).with("ETag", tag(applied)));
    }

    private Future<Answer> dryRun(Call call) {
        String source = source(call.query("source"));
        return mesh.dryRun(call.definition(), source).map(trial -> Answer.json(200, MeshJson.trial(trial)));
    }

    private static String source(Query query) {
        String source = query.filled("source");
        if (source == null) {
            return MeshOperations.HTTP;
        }
        if (source.length() > MAX_SOURCE_CHARS || source.chars().anyMatch(Character::isISOControl)) {
            throw Query.invalid("found a source of " + source.length() + " characters, expected at most "
                    + MAX_SOURCE_CHARS + " and no control characters");
        }
        return source;
    }

    private Future<Answer> explain(Call call) {
        String address = call.query("address").filled("address");
        if (address == null) {
            throw Query.invalid("found no address, expected one such as shard.0.append");
        }
        var explanation = mesh.explain(address);
        var policy = explanation.policy();
        var lost = new JsonArray();
        explanation
                .lost()
                .forEach(each -> lost.add(new JsonObject()
                        .put("policy", each.policy().name())
                        .put("place", each.policy().place())
                        .put("reason", each.reason())));
        return Future.succeededFuture(Answer.json(
                200,
                new JsonObject()
                        .put("address", address)
                        .put("policy", policy == null ? null : PolicyJson.policy(policy))
                        .put("lost", lost)));
    }
}
