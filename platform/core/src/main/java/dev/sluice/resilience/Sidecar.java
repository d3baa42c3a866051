package dev.sluice.resilience;

import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The mesh with policies: each call passes what the policy of its address says, on the way out and on the way in, in the process that
 * makes it and without another hop. Policies are swapped as one reference; breakers, buckets and budgets keep their state, each as long as
 * its address has one. Each consumer is an instance of its address; where there are several, a call goes to the better of two. What is
 * published passes as it is: who hears of a commit must hear of all.
 */
public final class Sidecar implements Mesh, AutoCloseable {
    /** Addresses with a state of their own; those beyond pass without an outbound policy. */
    static final int MAX_ADDRESSES = 10_000;

    private static final String HEADER = "header:";

    /** Characters of a header's value that make a key. */
    private static final int MAX_KEY = 256;

    /** Well below the lease, and how exact the end of an ejection is. */
    private static final long TICK_MILLIS = 1_000;

    private static final String RETRY_AFTER = "retryAfterMillis";

    private final Vertx vertx;
    private final Mesh bus;
    private final LongSupplier clockNanos;
    private final StateListener changes;
    private final Node node;
    private final Registry registry;
    private final AtomicLong consumers = new AtomicLong();
    private final long timer;
    private final Outcomes outcomes = new Outcomes();
    private final Map<String, Outlet> outlets = new ConcurrentHashMap<>();
    private final Map<Inlet<?, ?>, Boolean> inlets = new ConcurrentHashMap<>();
    private volatile Rules rules = Rules.NONE;

    /** The process that the instances are in. */
    public record Node(String name, @Nullable String zone, String version) {}

    /** What applies at a time: policies, and the rate limits that they share with the rules before. */
    record Rules(PolicySet policies, Map<LimitName, RateLimit> limits) {
        static final Rules NONE = new Rules(PolicySet.EMPTY, Map.of());

        Rules {
            limits = Map.copyOf(limits);
        }

        /** The rate limits of a policy in their order. */
        List<RateLimit> limits(String policy, String direction, List<Policy.RateLimit> settings) {
            return settings.stream()
                    .map(limit -> Objects.requireNonNull(limits.get(new LimitName(policy, limit.name(), direction))))
                    .toList();
        }
    }

    record LimitName(String policy, String limit, String direction) {}

    /** What became of the attempts of an address since the process began. */
    public record Calls(long successes, long failures, long slow, long excluded, long rejected) {}

    /** A breaker as it is. */
    public record Breaker(String address, String policy, CircuitBreaker.Snapshot state, Calls calls) {}

    /**
     * A limit as it is; what does not apply to its kind is 0.
     *
     * @param scope the policy of a rate limit, the address of a concurrency limit
     * @param kind {@code rate} or {@code concurrency}
     * @param direction {@code outbound} or {@code inbound}
     */
    public record Limit(
            String scope,
            String name,
            String kind,
            String direction,
            long keys,
            long admitted,
            long denied,
            int limit,
            int inFlight) {
        private static final String CONCURRENCY = "concurrency";

        static Limit of(String address, String direction, ConcurrencyLimit.Snapshot now) {
            long rejected = now.rejected();
            return new Limit(address, CONCURRENCY, CONCURRENCY, direction, 0, 0, rejected, now.limit(), now.inFlight());
        }
    }

    /**
     * @param bus what calls go over
     * @param clockNanos monotonic
     * @param changes told of what breakers do, on the thread of a call
     * @param registry where this process's consumers are instances
     */
    public Sidecar(
            Vertx vertx, Mesh bus, LongSupplier clockNanos, StateListener changes, Node node, Registry registry) {
        this.vertx = vertx;
        this.bus = bus;
        this.clockNanos = clockNanos;
        this.changes = changes;
        this.node = node;
        this.registry = registry;
        this.timer = vertx.setPeriodic(TICK_MILLIS, tick -> renew());
    }

    private void renew() {
        long now = nowNanos();
        inlets.keySet().forEach(inlet -> registry.renew(inlet.id(), now));
        registry.expire(now);
    }

    /** Renews no leases any more; consumers end with their registrations. */
    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }

    /** The set that applies. */
    public PolicySet policies() {
        return rules.policies();
    }

    Rules rules() {
        return rules;
    }

    /** Lets another set apply to every call that begins from now on; calls under way end as they began. */
    public synchronized void apply(PolicySet next) {
        var limits = new HashMap<LimitName, RateLimit>();
        for (var policy : next.policies()) {
            var outbound = policy.outbound();
            var inbound = policy.inbound();
            if (outbound != null) {
                keep(limits, policy.name(), "outbound", outbound.rateLimits());
            }
            if (inbound != null) {
                keep(limits, policy.name(), "inbound", inbound.rateLimits());
            }
        }
        rules = new Rules(next, limits);
    }

    /** Rate limits are made anew, or reloaded with the tokens that they have. */
    private void keep(
            Map<LimitName, RateLimit> limits, String policy, String direction, List<Policy.RateLimit> settings) {
        for (var setting : settings) {
            var name = new LimitName(policy, setting.name(), direction);
            var limit = rules.limits().get(name);
            if (limit == null) {
                limit = new RateLimit(setting);
            } else {
                limit.reload(setting);
            }
            limits.put(name, limit);
        }
    }

    @Override
    public <A> Future<A> request(String address, Object body, Call call) {
        var outlet = outlets.get(address);
        if (outlet == null) {
            outlet = outlet(address);
        }
        return outlet == null ? bus.request(address, body, call) : outlet.call(body, call);
    }

    private @Nullable Outlet outlet(String address) {
        var pool = registry.pool(address);
        boolean isPlain = policies().of(address) == null && (pool == null || !pool.isShared());
        if (isPlain || outlets.size() >= MAX_ADDRESSES) {
            return null;
        }
        return outlets.computeIfAbsent(address, first -> new Outlet(first, this));
    }

    @Override
    public <Q, A> Registration consumer(String address, Class<Q> question, BiFunction<Q, Call, Future<A>> answer) {
        String id = Registry.Endpoint.id(address, consumers.incrementAndGet());
        var inlet = new Inlet<>(id, address, this, vertx.getOrCreateContext(), answer);
        var own = bus.consumer(id, question, inlet::answer);
        var plain = bus.consumer(address, question, inlet::answerAny);
        inlets.put(inlet, true);
        registry.register(new Registry.Endpoint(id, address, node.name(), node.zone(), 1, node.version()), nowNanos());
        return () -> inlet.end(plain, own).onComplete(ended -> inlets.remove(inlet));
    }

    /** Hands a call over to another instance of an address, null when there is none. */
    <A> @Nullable Future<A> elsewhere(String address, Object body, Call call) {
        var pool = registry.pool(address);
        var other = pool == null ? null : pool.pick(ThreadLocalRandom.current(), nowNanos(), Member::begin);
        if (other == null) {
            return null;
        }
        other.countPick();
        return this.<A>send(other.endpoint().id(), body, call).onComplete(done -> other.end());
    }

    @Override
    public void publish(String address, Object body) {
        bus.publish(address, body);
    }

    @Override
    public boolean isHeard(String address) {
        return bus.isHeard(address);
    }

    @Override
    public <Q> Registration listen(String address, Class<Q> message, Consumer<Q> hear) {
        return bus.listen(address, message, hear);
    }

    /** Whether an address, or that of an instance of it, is under a policy. */
    public boolean isUnderPolicy(String address) {
        return policies().of(Registry.Endpoint.addressOf(address)) != null;
    }

    /** The instances there are, by address. */
    public List<Registry.Instance> instances() {
        return registry.instances(nowNanos());
    }

    /** The breakers there are, by address, and of an address by instance when each has its own. */
    public List<Breaker> breakers() {
        long now = nowNanos();
        return outlets.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .flatMap(outlet -> outlet.getValue().shownBreakers(now))
                .toList();
    }

    /** The breaker of an address or instance, null when it has none or was not called yet. */
    public @Nullable CircuitBreaker breaker(String name) {
        var outlet = outlets.get(Registry.Endpoint.addressOf(name));
        return outlet == null ? null : outlet.breaker(name);
    }

    /** The limits there are: rate limits by policy, then concurrency limits by address. */
    public List<Limit> limits() {
        var shown = new ArrayList<Limit>();
        rules.limits().forEach((name, limit) -> {
            var now = limit.snapshot();
            shown.add(new Limit(
                    name.policy(),
                    name.limit(),
                    "rate",
                    name.direction(),
                    now.keys(),
                    now.admitted(),
                    now.denied(),
                    0,
                    0));
        });
        shown.sort((left, right) -> (left.scope() + left.name()).compareTo(right.scope() + right.name()));
        Stream.concat(
                        outlets.values().stream().map(Outlet::shownLimit),
                        inlets.keySet().stream().map(Inlet::shownLimit))
                .filter(Objects::nonNull)
                .sorted((left, right) -> left.scope().compareTo(right.scope()))
                .forEach(shown::add);
        return shown;
    }

    /** The attempts of the last minutes, the oldest first. */
    public List<RecordedOutcome> recorded() {
        return outcomes.recorded();
    }

    /** What the bus throws is an answer too: what counts the call must see its end. */
    <A> Future<A> send(String address, Object body, Call call) {
        try {
            return bus.request(address, body, call);
        } catch (RuntimeException refused) {
            return Future.failedFuture(refused);
        }
    }

    Registry registry() {
        return registry;
    }

    StateListener changes() {
        return changes;
    }

    long nowNanos() {
        return clockNanos.getAsLong();
    }

    Outcomes outcomes() {
        return outcomes;
    }

    void after(long millis, Runnable work) {
        vertx.setTimer(millis, timer -> work.run());
    }

    /** Whose bucket a call draws on, null for the one of all who have no key. */
    static @Nullable String key(Policy.RateLimit limit, Call call) {
        if (limit.key().equals("client")) {
            return call.caller();
        }
        String value = limit.key().startsWith(HEADER)
                ? call.headers().value(limit.key().substring(HEADER.length()))
                : null;
        return value == null || value.length() <= MAX_KEY ? value : value.substring(0, MAX_KEY);
    }

    static Failure rateLimited(String address, Policy.RateLimit limit, long waitNanos) {
        long millis = millis(waitNanos);
        return Failure.of(
                        Failure.Kind.RATE_LIMITED,
                        "the rate limit " + limit.name() + " of " + address + " admits the next call in " + millis
                                + " ms, expected at most " + limit.refill() + " in "
                                + limit.refillPeriod().toMillis() + " ms")
                .with(RETRY_AFTER, millis);
    }

    static Failure tooLate(String address) {
        return Failure.of(
                        Failure.Kind.DEADLINE_EXCEEDED,
                        "the deadline had passed before " + address + " began: not done")
                .with(Call.DONE, false);
    }

    static Failure open(String address, boolean isOrdered, long waitNanos) {
        long millis = millis(waitNanos);
        return Failure.of(
                        Failure.Kind.CIRCUIT_OPEN,
                        "found the circuit breaker of " + address + (isOrdered ? " opened by an operator" : " open")
                                + ", expected it closed; try again in " + millis
                                + " ms")
                .with(RETRY_AFTER, millis);
    }

    static Failure full(String address, ConcurrencyLimit limit) {
        return Failure.of(
                Failure.Kind.OVERLOADED,
                address + " has " + limit.snapshot().inFlight()
                        + " calls under way, expected fewer: try again in a moment");
    }

    /** The answer that a policy has instead of a failure; what may have been done, and when to come again, stays said. */
    static Failure instead(String address, Policy.Fallback fallback, Throwable failed) {
        if (isUnknown(failed)) {
            return Failure.of(
                    Failure.Kind.OUTCOME_UNKNOWN,
                    address + " cannot answer now: " + failed.getMessage()
                            + "; nobody knows whether it was done, repeat it with the same append id (Idempotency-Key)");
        }
        Integer status = fallback.status();
        var kind = status != null && status == Failure.Kind.RATE_LIMITED.httpStatus()
                ? Failure.Kind.RATE_LIMITED
                : Failure.Kind.UNAVAILABLE;
        var answer = Failure.of(kind, address + " cannot answer now: " + failed.getMessage());
        return failed instanceof Failure known && known.details().get(RETRY_AFTER) instanceof Number millis
                ? answer.with(RETRY_AFTER, millis)
                : answer;
    }

    private static boolean isUnknown(Throwable failed) {
        return failed instanceof Failure failure
                && (failure.kind() == Failure.Kind.OUTCOME_UNKNOWN
                        || failure.kind() == Failure.Kind.DEADLINE_EXCEEDED
                                && !Boolean.FALSE.equals(failure.details().get(Call.DONE)));
    }

    /** What a failure says about when to come again, 0: nothing. */
    static long retryAfterNanos(Throwable failed) {
        return failed instanceof Failure failure && failure.details().get(RETRY_AFTER) instanceof Number millis
                ? TimeUnit.MILLISECONDS.toNanos(millis.longValue())
                : 0;
    }

    private static long millis(long nanos) {
        return Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos + 999_999));
    }
}
