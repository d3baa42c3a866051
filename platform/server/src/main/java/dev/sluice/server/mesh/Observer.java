package dev.sluice.server.mesh;

import dev.sluice.resilience.CircuitBreaker;
import dev.sluice.resilience.Sidecar;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Looks at breakers and limits now and then, since calls must not pay for it: shows them as metrics, and tells which rate limits have denied
 * since the look before. At most {@value #MOST_SHOWN} addresses and as many limits have metrics of their own. One thread at a time.
 */
final class Observer {
    static final int MOST_SHOWN = 100;
    private static final String RATE = "rate";

    private final Sidecar sidecar;
    private final Journal journal;
    private final MeterRegistry metrics;
    private final Map<String, Shown<Sidecar.Breaker>> breakers = new HashMap<>();
    private final Map<List<String>, Shown<Sidecar.Limit>> limits = new HashMap<>();
    private final Map<List<String>, Long> denied = new HashMap<>();

    Observer(Sidecar sidecar, Journal journal, MeterRegistry metrics) {
        this.sidecar = sidecar;
        this.journal = journal;
        this.metrics = metrics;
    }

    /** What meters read: as it was at the last look. */
    private static final class Shown<T> {
        private final List<Meter> meters = new ArrayList<>();
        private volatile T now;

        Shown(T now) {
            this.now = now;
        }

        double value(ToDoubleFunction<T> of) {
            return of.applyAsDouble(now);
        }
    }

    void look() {
        var allBreakers = sidecar.breakers();
        var allLimits = sidecar.limits();
        forget(breakers, allBreakers.stream().map(Sidecar.Breaker::address).collect(Collectors.toSet()));
        forget(limits, allLimits.stream().map(Observer::key).collect(Collectors.toSet()));
        allBreakers.forEach(this::show);
        allLimits.forEach(this::show);
        tellDenials(allLimits);
    }

    /** Ends the meters of those that are not there any more; others have their place. */
    private <K, T> void forget(Map<K, Shown<T>> shown, Set<K> there) {
        shown.entrySet().removeIf(each -> {
            if (there.contains(each.getKey())) {
                return false;
            }
            each.getValue().meters.forEach(metrics::remove);
            return true;
        });
    }

    private void show(Sidecar.Breaker breaker) {
        var shown = breakers.get(breaker.address());
        if (shown == null && breakers.size() < MOST_SHOWN) {
            shown = new Shown<>(breaker);
            breakers.put(breaker.address(), shown);
            register(breaker.address(), shown);
        }
        if (shown != null) {
            shown.now = breaker;
        }
    }

    private void register(String address, Shown<Sidecar.Breaker> shown) {
        shown.meters.add(Gauge.builder("breaker.state", shown, each -> each.value(breaker -> code(breaker.state())))
                .description("0 closed, 1 half-open, 2 open")
                .tag("address", address)
                .register(metrics));
        count("breaker.stale", address, null, shown, breaker -> breaker.state()
                .counts()
                .stale());
        count("breaker.calls", address, "success", shown, breaker -> breaker.calls()
                .successes());
        count("breaker.calls", address, "failure", shown, breaker -> breaker.calls()
                .failures());
        count("breaker.calls", address, "slow", shown, breaker -> breaker.calls()
                .slow());
        count("breaker.calls", address, "excluded", shown, breaker -> breaker.calls()
                .excluded());
        count("breaker.calls", address, "rejected", shown, breaker -> breaker.calls()
                .rejected());
    }

    private static int code(CircuitBreaker.Snapshot state) {
        return switch (state.state()) {
            case CLOSED -> 0;
            case HALF_OPEN -> 1;
            case OPEN -> 2;
        };
    }

    private void count(
            String name,
            String address,
            @Nullable String result,
            Shown<Sidecar.Breaker> shown,
            ToDoubleFunction<Sidecar.Breaker> of) {
        var counter =
                FunctionCounter.builder(name, shown, each -> each.value(of)).tag("address", address);
        shown.meters.add((result == null ? counter : counter.tag("result", result)).register(metrics));
    }

    private void show(Sidecar.Limit limit) {
        var key = key(limit);
        var shown = limits.get(key);
        if (shown == null && limits.size() < MOST_SHOWN) {
            shown = new Shown<>(limit);
            limits.put(key, shown);
            if (limit.kind().equals(RATE)) {
                count(limit, "admitted", shown, Sidecar.Limit::admitted);
            }
            count(limit, "denied", shown, Sidecar.Limit::denied);
        }
        if (shown != null) {
            shown.now = limit;
        }
    }

    private void count(
            Sidecar.Limit limit, String result, Shown<Sidecar.Limit> shown, ToDoubleFunction<Sidecar.Limit> of) {
        shown.meters.add(FunctionCounter.builder("limit.decisions", shown, each -> each.value(of))
                .tag("kind", limit.kind())
                .tag("direction", limit.direction())
                .tag("scope", limit.scope())
                .tag("limit", limit.name())
                .tag("result", result)
                .register(metrics));
    }

    private static List<String> key(Sidecar.Limit limit) {
        return List.of(limit.kind(), limit.direction(), limit.scope(), limit.name());
    }

    private void tellDenials(List<Sidecar.Limit> all) {
        var there = new HashSet<List<String>>();
        for (var limit : all) {
            if (limit.kind().equals(RATE)) {
                there.add(key(limit));
                Long before = denied.put(key(limit), limit.denied());
                long more = limit.denied() - (before == null || before > limit.denied() ? 0 : before);
                if (more > 0) {
                    journal.tell(
                            MeshLog.RATE_LIMIT_DENIED,
                            new JsonObject()
                                    .put("policy", limit.scope())
                                    .put("limit", limit.name())
                                    .put("direction", limit.direction())
                                    .put("denied", more));
                }
            }
        }
        denied.keySet().retainAll(there);
    }
}
