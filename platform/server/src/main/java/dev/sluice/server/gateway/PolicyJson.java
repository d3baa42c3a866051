package dev.sluice.server.gateway;

import dev.sluice.resilience.Policy;
import dev.sluice.yaml.Durations;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Policies as JSON, by the keys that they have in YAML, with every default filled in. */
final class PolicyJson {
    private PolicyJson() {}

    static JsonObject policy(Policy policy) {
        var json = new JsonObject()
                .put("name", policy.name())
                .put("place", policy.place())
                .put("match", new JsonObject().put("address", policy.address()));
        if (policy.outbound() != null) {
            json.put("outbound", outbound(policy.outbound()));
        }
        if (policy.inbound() != null) {
            var inbound = new JsonObject()
                    .put("rateLimit", rateLimits(policy.inbound().rateLimits()));
            json.put("inbound", withConcurrency(inbound, policy.inbound().concurrency()));
        }
        return json;
    }

    private static JsonObject outbound(Policy.Outbound outbound) {
        var json = new JsonObject()
                .put("deadline", text(outbound.deadline()))
                .put("perTryTimeout", text(outbound.perTryTimeout()))
                .put("rateLimit", rateLimits(outbound.rateLimits()));
        if (outbound.retry() != null) {
            json.put("retry", retry(outbound.retry()));
        }
        if (outbound.breaker() != null) {
            json.put("breaker", breaker(outbound.breaker()));
        }
        withConcurrency(json, outbound.concurrency());
        var fallback = outbound.fallback();
        if (fallback != null) {
            json.put(
                    "fallback",
                    fallback.address() != null
                            ? new JsonObject().put("address", fallback.address())
                            : new JsonObject().put("reply", new JsonObject().put("status", fallback.status())));
        }
        return json;
    }

    private static JsonObject retry(Policy.Retry retry) {
        return new JsonObject()
                .put("max", retry.max())
                .put("on", conditions(retry.on()))
                .put(
                        "backoff",
                        new JsonObject()
                                .put("base", text(retry.backoff().base()))
                                .put("max", text(retry.backoff().max())))
                .put(
                        "budget",
                        new JsonObject()
                                .put("ratio", retry.budget().ratio())
                                .put("minPerSecond", retry.budget().minPerSecond()));
    }

    private static JsonObject breaker(Policy.Breaker breaker) {
        var openFor = breaker.openFor();
        var trips = new JsonArray();
        breaker.trips().forEach(trip -> trips.add(trip(trip)));
        var json = new JsonObject()
                .put("scope", MeshJson.word(breaker.scope()))
                .put("trips", trips)
                .put("interval", text(breaker.interval()))
                .put(
                        "openFor",
                        new JsonObject()
                                .put("initial", text(openFor.initial()))
                                .put("factor", openFor.factor())
                                .put("max", text(openFor.max()))
                                .put("jitter", openFor.jitter()))
                .put("trials", breaker.trials())
                .put("trialTimeout", text(breaker.trialTimeout()));
        if (breaker.slowerThan() != null) {
            json.put("slowerThan", text(breaker.slowerThan()));
        }
        return json.put("failOn", conditions(breaker.failOn()))
                .put("exclude", conditions(breaker.exclude()))
                .put("mode", MeshJson.word(breaker.mode()));
    }

    private static JsonObject trip(Policy.Trip trip) {
        var json = new JsonObject();
        if (trip.consecutiveFailures() > 0) {
            json.put("consecutiveFailures", trip.consecutiveFailures());
        }
        if (trip.failureRatio() > 0) {
            json.put("failureRatio", trip.failureRatio());
        }
        if (trip.slowRatio() > 0) {
            json.put("slowRatio", trip.slowRatio());
        }
        return trip.minRequests() > 0 ? json.put("minRequests", trip.minRequests()) : json;
    }

    private static JsonArray rateLimits(Iterable<Policy.RateLimit> limits) {
        var json = new JsonArray();
        limits.forEach(limit -> json.add(new JsonObject()
                .put("name", limit.name())
                .put("key", limit.key())
                .put("capacity", limit.capacity())
                .put("refill", limit.refill() + "/" + text(limit.refillPeriod()))
                .put("maxKeys", limit.maxKeys())
                .put("mode", MeshJson.word(limit.mode()))));
        return json;
    }

    private static JsonObject withConcurrency(JsonObject json, Policy.@Nullable Concurrency concurrency) {
        if (concurrency == null) {
            return json;
        }
        var limit = concurrency.kind() == Policy.Concurrency.Kind.FIXED
                ? new JsonObject().put("fixed", concurrency.max())
                : new JsonObject()
                        .put("adaptive", MeshJson.word(concurrency.kind()))
                        .put("min", concurrency.min())
                        .put("max", concurrency.max());
        return json.put("concurrency", limit.put("mode", MeshJson.word(concurrency.mode())));
    }

    private static JsonArray conditions(Set<Policy.Condition> conditions) {
        var words = new JsonArray();
        conditions.forEach(condition -> words.add(condition.word()));
        return words;
    }

    private static String text(Duration duration) {
        return Durations.text(duration.toMillis());
    }
}
