package dev.sluice.resilience;

import dev.sluice.bus.Call;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What stands before the calls to one address: {@code deadline → fallback(rate limits → retries(breaker → concurrency → send within
 * min(per try, what is left)))}. A refusal on this side never counts for the breaker, takes nothing from the budget and is not tried
 * again. Any thread.
 */
final class Outlet {
    private final String address;
    private final Sidecar sidecar;
    private final LongAdder[] calls = new LongAdder[Result.values().length];
    private volatile State state;

    /** What became of attempts, as metrics count them. */
    enum Result {
        SUCCESS,
        FAILURE,
        SLOW,
        EXCLUDED,
        REJECTED
    }

    /**
     * What applies at the moment.
     *
     * @param set that it was made from
     * @param settings null: calls pass as they are
     */
    private record State(
            PolicySet set,
            @Nullable Policy policy,
            Policy.@Nullable Outbound settings,
            List<RateLimit> limits,
            @Nullable CircuitBreaker breaker,
            @Nullable ConcurrencyLimit concurrency,
            @Nullable RetryBudget budget,
            Conditions failures,
            Conditions excluded,
            Conditions retried,
            long slowerThanNanos) {}

    private static final Conditions NONE = new Conditions(List.of());
    private static final Conditions ALL = new Conditions(List.of(
            new Policy.Condition(Policy.Condition.TIMEOUT),
            new Policy.Condition(Policy.Condition.NO_HANDLERS),
            new Policy.Condition("5xx")));

    Outlet(String address, Sidecar sidecar, PolicySet set) {
        this.address = address;
        this.sidecar = sidecar;
        for (int i = 0; i < calls.length; i++) {
            calls[i] = new LongAdder();
        }
        state = new State(PolicySet.EMPTY, null, null, List.of(), null, null, null, NONE, NONE, NONE, Long.MAX_VALUE);
        state = follow(set);
    }

    private State state() {
        var now = state;
        return now.set == sidecar.policies() ? now : follow(sidecar.policies());
    }

    /** Takes other settings on; breaker, limits and budget keep their state. */
    private synchronized State follow(PolicySet set) {
        var before = state;
        if (before.set == set) {
            return before;
        }
        var policy = set.of(address);
        var settings = policy == null ? null : policy.outbound();
        if (policy == null || settings == null) {
            state = new State(set, policy, null, List.of(), null, null, null, NONE, NONE, NONE, Long.MAX_VALUE);
            return state;
        }
        var breaker = settings.breaker();
        var retry = settings.retry();
        state = new State(
                set,
                policy,
                settings,
                sidecar.limits(policy.name(), "outbound", settings.rateLimits()),
                breaker == null ? null : breaker(before.breaker, breaker),
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
            return sidecar.send(address, body, call);
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

        Attempts(State state, Object body, Call call, long deadlineNanos) {
            this.state = state;
            this.body = body;
            this.call = call;
            this.deadlineNanos = deadlineNanos;
        }

        Future<A> next(long nowNanos) {
            number++;
            var breaker = state.breaker;
            long ticket = breaker == null ? 0 : breaker.acquire(nowNanos);
            if (breaker != null && ticket < 0) {
                calls[Result.REJECTED.ordinal()].increment();
                record(call, number, nowNanos, 0, RecordedOutcome.UNKNOWN);
                return Future.failedFuture(Sidecar.open(address, breaker.nanosUntilTrial(nowNanos)));
            }
            var concurrency = state.concurrency;
            if (concurrency != null && !concurrency.acquire()) {
                settle(ticket, Outcome.EXCLUDED, nowNanos);
                record(call, number, nowNanos, 0, RecordedOutcome.UNKNOWN);
                return Future.failedFuture(Sidecar.full(address, concurrency));
            }
            long untilNanos = Math.min(deadlineNanos, nowNanos + perTryNanos());
            return sidecar.<A>send(address, body, call.attempt(number, untilNanos))
                    .transform(answer -> settled(answer, ticket, nowNanos));
        }

        private long perTryNanos() {
            return state.settings == null
                    ? Long.MAX_VALUE / 2
                    : state.settings.perTryTimeout().toNanos();
        }

        private Future<A> settled(AsyncResult<A> answer, long ticket, long startNanos) {
            long nowNanos = sidecar.nowNanos();
            var outcome = outcome(answer, nowNanos - startNanos);
            settle(ticket, outcome, nowNanos);
            if (state.concurrency != null) {
                state.concurrency.release(startNanos, outcome, nowNanos);
            }
            record(call, number, startNanos, nowNanos - startNanos, Outcomes.word(answer.cause()));
            return answer.succeeded() ? Future.succeededFuture(answer.result()) : failed(answer.cause(), nowNanos);
        }

        private void settle(long ticket, Outcome outcome, long nowNanos) {
            calls[outcome.ordinal()].increment();
            if (state.breaker != null) {
                state.breaker.settle(ticket, outcome, nowNanos);
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

    @Nullable
    CircuitBreaker breaker() {
        return state().breaker;
    }

    /** What is to be shown of the breaker, null when there is none. */
    Sidecar.@Nullable Breaker shownBreaker(long nowNanos) {
        var now = state();
        return now.breaker == null || now.policy == null
                ? null
                : new Sidecar.Breaker(address, now.policy.name(), now.breaker.snapshot(nowNanos), shownCalls());
    }

    private Sidecar.Calls shownCalls() {
        return new Sidecar.Calls(
                calls[Result.SUCCESS.ordinal()].sum(),
                calls[Result.FAILURE.ordinal()].sum(),
                calls[Result.SLOW.ordinal()].sum(),
                calls[Result.EXCLUDED.ordinal()].sum(),
                calls[Result.REJECTED.ordinal()].sum());
    }

    /** What is to be shown of the concurrency limit, null when there is none. */
    Sidecar.@Nullable Limit shownLimit() {
        var now = state();
        return now.concurrency == null ? null : Sidecar.Limit.of(address, "outbound", now.concurrency.snapshot());
    }
}
