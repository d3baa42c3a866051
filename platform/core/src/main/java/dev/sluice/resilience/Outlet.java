package dev.sluice.resilience;

import dev.sluice.bus.Call;
import dev.sluice.log.Failure;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What stands before the calls to one address: {@code deadline → fallback(rate limits → retries(breaker → concurrency → send within
 * min(per try, what is left)))}. Each attempt goes to the better of two instances. A refusal on this side never counts for the breaker, takes
 * nothing from the budget and is not tried again. Any thread.
 */
final class Outlet {
    /** At the instances of an address, when those that were seen leave just now. */
    private static final int MOST_LOOKS = 3;

    private final String address;
    private final Sidecar sidecar;
    private final Tally calls = new Tally();
    private volatile State state;

    /**
     * What applies at the moment.
     *
     * @param rules that it was made from
     * @param settings null: calls pass as they are
     * @param breaker of the address
     * @param instanceBreaker settings of the breaker that each instance has instead
     */
    private record State(
            Sidecar.Rules rules,
            @Nullable Policy policy,
            Policy.@Nullable Outbound settings,
            List<RateLimit> limits,
            @Nullable CircuitBreaker breaker,
            Policy.@Nullable Breaker instanceBreaker,
            @Nullable ConcurrencyLimit concurrency,
            @Nullable RetryBudget budget,
            Conditions failures,
            Conditions excluded,
            Conditions retried,
            long slowerThanNanos) {
        static State without(Sidecar.Rules rules, @Nullable Policy policy) {
            return new State(rules, policy, null, List.of(), null, null, null, null, ALL, NONE, NONE, Long.MAX_VALUE);
        }
    }

    private static final Conditions NONE = new Conditions(List.of());
    private static final Conditions ALL = new Conditions(List.of(
            new Policy.Condition(Policy.Condition.TIMEOUT),
            new Policy.Condition(Policy.Condition.NO_HANDLERS),
            new Policy.Condition("5xx")));

    Outlet(String address, Sidecar sidecar) {
        this.address = address;
        this.sidecar = sidecar;
        state = State.without(Sidecar.Rules.NONE, null);
    }

    private State state() {
        var now = state;
        return now.rules == sidecar.rules() ? now : follow();
    }

    /** Takes other settings on; breaker, limits and budget keep their state. */
    private synchronized State follow() {
        var before = state;
        var rules = sidecar.rules();
        if (before.rules == rules) {
            return before;
        }
        var policy = rules.policies().of(address);
        var settings = policy == null ? null : policy.outbound();
        if (policy == null || settings == null) {
            state = State.without(rules, policy);
            return state;
        }
        var breaker = settings.breaker();
        boolean isOfInstances = breaker != null && breaker.scope() == Policy.Breaker.Scope.INSTANCE;
        var retry = settings.retry();
        state = new State(
                rules,
                policy,
                settings,
                rules.limits(policy.name(), "outbound", settings.rateLimits()),
                breaker == null || isOfInstances ? null : breaker(before.breaker, breaker),
                isOfInstances ? breaker : null,
                concurrency(before.concurrency, settings.concurrency()),
                retry == null ? null : budget(before.budget, retry.budget()),
                breaker == null ? ALL : new Conditions(breaker.failOn()),
                breaker == null ? NONE : new Conditions(breaker.exclude()),
                retry == null ? NONE : new Conditions(retry.on()),
                breaker == null ? Long.MAX_VALUE : nanos(breaker.slowerThan()));
        return state;
    }

    private static long nanos(@Nullable Duration time) {
        return time == null ? Long.MAX_VALUE : time.toNanos();
    }

    private CircuitBreaker breaker(@Nullable CircuitBreaker before, Policy.Breaker settings) {
        if (before == null) {
            return new CircuitBreaker(address, settings, sidecar.changes());
        }
        before.reload(settings);
        return before;
    }

    static @Nullable ConcurrencyLimit concurrency(
            @Nullable ConcurrencyLimit before, Policy.@Nullable Concurrency settings) {
        if (settings == null || before == null) {
            return settings == null ? null : new ConcurrencyLimit(settings);
        }
        before.reload(settings);
        return before;
    }

    private static RetryBudget budget(@Nullable RetryBudget before, Policy.Budget settings) {
        if (before == null) {
            return new RetryBudget(settings);
        }
        before.reload(settings);
        return before;
    }

    <A> Future<A> call(Object body, Call call) {
        var now = state();
        var settings = now.settings;
        if (settings == null) {
            return isShared()
                    ? new Attempts<A>(now, body, call, call.deadlineNanos()).next(sidecar.nowNanos())
                    : sidecar.send(address, body, call);
        }
        long nowNanos = sidecar.nowNanos();
        long deadlineNanos = deadline(call, nowNanos, settings.deadline().toNanos());
        if (deadlineNanos - nowNanos <= 0) {
            return Future.failedFuture(Sidecar.tooLate(address));
        }
        Future<A> refused = limited(now, call, nowNanos);
        if (refused != null) {
            return fallback(now, refused, body, call, deadlineNanos);
        }
        if (now.budget != null) {
            now.budget.request(nowNanos);
        }
        Future<A> answer = new Attempts<A>(now, body, call, deadlineNanos).next(nowNanos);
        return settings.fallback() == null ? answer : fallback(now, answer, body, call, deadlineNanos);
    }

    private boolean isShared() {
        var pool = sidecar.registry().pool(address);
        return pool != null && pool.isShared();
    }

    private static long deadline(Call call, long nowNanos, long mostNanos) {
        return nowNanos + Math.min(mostNanos, call.remainingNanos(nowNanos));
    }

    private <A> @Nullable Future<A> limited(State now, Call call, long nowNanos) {
        var settings = now.settings;
        for (int i = 0; settings != null && i < now.limits.size(); i++) {
            var limit = settings.rateLimits().get(i);
            long waitNanos = now.limits.get(i).take(Sidecar.key(limit, call), nowNanos);
            if (waitNanos > 0) {
                record(call, 1, nowNanos, 0, RecordedOutcome.UNKNOWN);
                return Future.failedFuture(Sidecar.rateLimited(address, limit, waitNanos));
            }
        }
        return null;
    }

    private void record(Call call, int number, long startNanos, long tookNanos, String word) {
        sidecar.outcomes().add(address, call.caller(), number, startNanos, tookNanos, word);
    }

    private <A> Future<A> fallback(State now, Future<A> answer, Object body, Call call, long deadlineNanos) {
        var fallback = now.settings == null ? null : now.settings.fallback();
        if (fallback == null) {
            return answer;
        }
        return answer.recover(failed -> {
            if (!Conditions.isRefusal(Conditions.kind(failed)) && !now.failures.hold(failed)) {
                return Future.failedFuture(failed);
            }
            String other = fallback.address();
            return other != null
                    ? sidecar.request(other, body, call.attempt(1, deadlineNanos))
                    : Future.failedFuture(Sidecar.instead(address, fallback, failed));
        });
    }

    /** One call's attempts, the n-th after the one before it has failed. */
    private final class Attempts<A> {
        private final State state;
        private final Object body;
        private final Call call;
        private final long deadlineNanos;
        private int number;
        private @Nullable Member member;
        private @Nullable CircuitBreaker breaker;
        private long ticket;

        Attempts(State state, Object body, Call call, long deadlineNanos) {
            this.state = state;
            this.body = body;
            this.call = call;
            this.deadlineNanos = deadlineNanos;
        }

        Future<A> next(long nowNanos) {
            number++;
            var refused = choose(nowNanos);
            if (refused != null) {
                record(call, number, nowNanos, 0, RecordedOutcome.UNKNOWN);
                return Future.failedFuture(refused);
            }
            var concurrency = state.concurrency;
            if (concurrency != null && !concurrency.acquire()) {
                settle(Outcome.EXCLUDED, nowNanos, nowNanos);
                record(call, number, nowNanos, 0, RecordedOutcome.UNKNOWN);
                return Future.failedFuture(Sidecar.full(address, concurrency));
            }
            var chosen = member;
            return sidecar.<A>send(chosen == null ? address : chosen.endpoint().id(), body, attempt(nowNanos))
                    .transform(answer -> settled(answer, nowNanos));
        }

        private Call attempt(long nowNanos) {
            return state.settings == null
                    ? call
                    : call.attempt(
                            number,
                            Math.min(
                                    deadlineNanos,
                                    nowNanos + state.settings.perTryTimeout().toNanos()));
        }

        /** Draws a ticket and chooses who is asked; what speaks against it, null: nothing. */
        private @Nullable Failure choose(long nowNanos) {
            breaker = state.breaker;
            ticket = 0;
            if (breaker != null) {
                ticket = breaker.acquire(nowNanos);
                if (ticket < 0) {
                    calls.countRejected();
                    var found = breaker.snapshot(nowNanos);
                    boolean isOrdered = found.mode() == CircuitBreaker.Mode.FORCED_OPEN;
                    return Sidecar.open(address, isOrdered, found.nanosUntilTrial());
                }
            }
            for (int looks = 0; looks < MOST_LOOKS; looks++) {
                var pool = sidecar.registry().pool(address);
                if (pool == null || pool.isClosed()) {
                    member = null;
                    return null;
                }
                member = pool.pick(ThreadLocalRandom.current(), nowNanos, next -> admits(next, nowNanos));
                if (member != null) {
                    member.countPick();
                    return null;
                }
                if (state.instanceBreaker != null && ticket < 0) {
                    return Sidecar.open(address, false, pool.nanosUntilTrial(nowNanos));
                }
            }
            return null;
        }

        /** Whether an instance takes the attempt: it has not begun to leave, and its breaker, if it has one, admits it. */
        private boolean admits(Member next, long nowNanos) {
            if (!next.begin()) {
                return false;
            }
            if (state.instanceBreaker == null) {
                return true;
            }
            breaker = next.breaker(state.instanceBreaker, sidecar.changes());
            ticket = breaker.acquire(nowNanos);
            if (ticket < 0) {
                next.calls().countRejected();
                next.end();
            }
            return ticket >= 0;
        }

        private Future<A> settled(AsyncResult<A> answer, long startNanos) {
            long nowNanos = sidecar.nowNanos();
            var outcome = outcome(answer, nowNanos - startNanos);
            settle(outcome, startNanos, nowNanos);
            if (state.concurrency != null) {
                state.concurrency.release(startNanos, outcome, nowNanos);
            }
            if (state.settings != null) {
                record(call, number, startNanos, nowNanos - startNanos, Outcomes.word(answer.cause()));
            }
            return answer.succeeded() ? Future.succeededFuture(answer.result()) : failed(answer.cause(), nowNanos);
        }

        private void settle(Outcome outcome, long startNanos, long nowNanos) {
            var asked = member;
            (asked == null || state.instanceBreaker == null ? calls : asked.calls()).count(outcome);
            if (breaker != null) {
                breaker.settle(ticket, outcome, nowNanos);
            }
            if (asked != null) {
                sidecar.registry().settle(asked, outcome, nowNanos - startNanos, nowNanos);
            }
        }

        private Outcome outcome(AsyncResult<A> answer, long tookNanos) {
            if (answer.succeeded()) {
                return tookNanos >= state.slowerThanNanos ? Outcome.SLOW : Outcome.SUCCESS;
            }
            if (state.excluded.hold(answer.cause())) {
                return Outcome.EXCLUDED;
            }
            return state.failures.hold(answer.cause()) ? Outcome.FAILURE : Outcome.EXCLUDED;
        }

        private Future<A> failed(Throwable cause, long nowNanos) {
            var retry = state.settings == null ? null : state.settings.retry();
            if (retry == null
                    || state.budget == null
                    || number > retry.max()
                    || call.idempotencyKey() == null
                    || !state.retried.hold(cause)) {
                return Future.failedFuture(cause);
            }
            long waitNanos = Math.max(
                    retry.backoff().delayNanos(number, ThreadLocalRandom.current()), Sidecar.retryAfterNanos(cause));
            if (nowNanos + waitNanos >= deadlineNanos || !state.budget.retry(nowNanos)) {
                return Future.failedFuture(cause);
            }
            Promise<A> later = Promise.promise();
            sidecar.after(Math.max(1, TimeUnit.NANOSECONDS.toMillis(waitNanos)), () -> next(sidecar.nowNanos())
                    .onComplete(later));
            return later.future();
        }
    }

    /** The breaker of the address, or of one of its instances; null when it has none. */
    @Nullable
    CircuitBreaker breaker(String name) {
        var now = state();
        return now.instanceBreaker == null
                ? name.equals(address) ? now.breaker : null
                : members()
                        .filter(member -> member.endpoint().id().equals(name))
                        .map(member -> member.breaker(now.instanceBreaker, sidecar.changes()))
                        .findFirst()
                        .orElse(null);
    }

    private Stream<Member> members() {
        var pool = sidecar.registry().pool(address);
        return pool == null ? Stream.empty() : pool.members().stream();
    }

    /** What is to be shown of the breaker, or of each instance's. */
    Stream<Sidecar.Breaker> shownBreakers(long nowNanos) {
        var now = state();
        if (now.policy == null) {
            return Stream.empty();
        }
        String policy = now.policy.name();
        if (now.instanceBreaker != null) {
            return members()
                    .map(member -> new Sidecar.Breaker(
                            member.endpoint().id(),
                            policy,
                            member.breaker(now.instanceBreaker, sidecar.changes())
                                    .snapshot(nowNanos),
                            member.calls().shown()));
        }
        return now.breaker == null
                ? Stream.empty()
                : Stream.of(new Sidecar.Breaker(address, policy, now.breaker.snapshot(nowNanos), calls.shown()));
    }

    /** What is to be shown of the concurrency limit, null when there is none. */
    Sidecar.@Nullable Limit shownLimit() {
        var now = state();
        return now.concurrency == null ? null : Sidecar.Limit.of(address, "outbound", now.concurrency.snapshot());
    }
}
