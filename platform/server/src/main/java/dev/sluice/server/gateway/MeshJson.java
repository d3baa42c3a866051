package dev.sluice.server.gateway;

import dev.sluice.resilience.CircuitBreaker;
import dev.sluice.resilience.DryRun;
import dev.sluice.resilience.MeshOperations;
import dev.sluice.resilience.Registry;
import dev.sluice.resilience.Sidecar;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Breakers, limits, instances and what becomes of policies, as JSON. */
final class MeshJson {
    private MeshJson() {}

    static JsonObject breaker(Sidecar.Breaker breaker) {
        var now = breaker.state();
        var counts = now.counts();
        var calls = breaker.calls();
        // What an operator has opened, an operator resets.
        Long millisUntilTrial = now.mode() == CircuitBreaker.Mode.FORCED_OPEN
                ? null
                : TimeUnit.NANOSECONDS.toMillis(now.nanosUntilTrial());
        return new JsonObject()
                .put("address", breaker.address())
                .put("policy", breaker.policy())
                .put("state", word(now.state()))
                .put("mode", word(now.mode()))
                .put("generation", now.generation())
                .put(
                        "counts",
                        new JsonObject()
                                .put("requests", counts.requests())
                                .put("successes", counts.successes())
                                .put("failures", counts.failures())
                                .put("consecutiveSuccesses", counts.consecutiveSuccesses())
                                .put("consecutiveFailures", counts.consecutiveFailures())
                                .put("slow", counts.slow())
                                .put("stale", counts.stale()))
                .put("rejected", now.rejected())
                .put("millisUntilTrial", millisUntilTrial)
                .put(
                        "calls",
                        new JsonObject()
                                .put("successes", calls.successes())
                                .put("failures", calls.failures())
                                .put("slow", calls.slow())
                                .put("excluded", calls.excluded())
                                .put("rejected", calls.rejected()));
    }

    /** With what applies to its kind. */
    static JsonObject limit(Sidecar.Limit limit) {
        var json = new JsonObject()
                .put("scope", limit.scope())
                .put("name", limit.name())
                .put("kind", limit.kind())
                .put("direction", limit.direction())
                .put("denied", limit.denied());
        return limit.kind().equals("rate")
                ? json.put("admitted", limit.admitted()).put("keys", limit.keys())
                : json.put("limit", limit.limit()).put("inFlight", limit.inFlight());
    }

    static JsonObject instance(Registry.Instance instance) {
        var endpoint = instance.endpoint();
        return new JsonObject()
                .put("instance", endpoint.id())
                .put("address", endpoint.address())
                .put("node", endpoint.node())
                .put("zone", endpoint.zone())
                .put("weight", endpoint.weight())
                .put("version", endpoint.version())
                .put("state", word(instance.state()))
                .put("inFlight", instance.inFlight())
                .put("latencyMicros", TimeUnit.NANOSECONDS.toMicros(instance.latencyNanos()))
                .put("picks", instance.picks())
                .put("failures", instance.failures())
                .put("ejections", instance.ejections());
    }

    static JsonArray sources(MeshOperations.Applied applied) {
        var sources = new JsonArray();
        applied.sources()
                .forEach(source ->
                        sources.add(new JsonObject().put("name", source.name()).put("origin", word(source.origin()))));
        return sources;
    }

    static JsonObject trial(MeshOperations.Trial trial) {
        var changes = trial.changes();
        var differences = new JsonArray();
        trial.dryRun()
                .differences()
                .forEach(each -> differences.add(new JsonObject()
                        .put("address", each.address())
                        .put("policyBefore", each.policyBefore())
                        .put("policyAfter", each.policyAfter())
                        .put("before", tally(each.before()))
                        .put("after", tally(each.after()))));
        return new JsonObject()
                .put("hash", trial.policies().version())
                .put("added", new JsonArray(changes.added()))
                .put("changed", new JsonArray(changes.changed()))
                .put("removed", new JsonArray(changes.removed()))
                .put("attempts", trial.dryRun().attempts())
                .put("differences", differences);
    }

    private static JsonObject tally(DryRun.Tally tally) {
        return new JsonObject()
                .put("denied", tally.denied())
                .put("rejected", tally.rejected())
                .put("trips", tally.trips())
                .put("retries", tally.retries());
    }

    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
