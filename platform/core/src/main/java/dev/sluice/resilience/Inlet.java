package dev.sluice.resilience;

import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What stands before one consumer of an address: {@code expired deadline → rate limits → concurrency → the consumer}. It is an instance:
 * calls reach it by its own address when the mesh has picked it, and by the plain one. Ending it answers all that has come already: what
 * picked it is done, what was begun is waited for, what else comes by the plain address goes to another instance or is refused. Any thread.
 */
final class Inlet<Q, A> {
    private final String id;
    private final String address;
    private final Sidecar sidecar;
    private final Context context;
    private final BiFunction<Q, Call, Future<A>> answer;
    private final AtomicInteger underWay = new AtomicInteger();
    private final Promise<Void> drained = Promise.promise();
    private volatile boolean isDraining;
    private volatile boolean isClosed;
    private volatile State state = new State(Sidecar.Rules.NONE, null, List.of(), null);

    private record State(
            Sidecar.Rules rules,
            Policy.@Nullable Inbound settings,
            List<RateLimit> limits,
            @Nullable ConcurrencyLimit concurrency) {}

    /**
     * @param id its own address
     * @param context that answers
     */
    Inlet(String id, String address, Sidecar sidecar, Context context, BiFunction<Q, Call, Future<A>> answer) {
        this.id = id;
        this.address = address;
        this.sidecar = sidecar;
        this.context = context;
        this.answer = answer;
    }

    private State state() {
        var now = state;
        return now.rules == sidecar.rules() ? now : follow();
    }

    private synchronized State follow() {
        var before = state;
        var rules = sidecar.rules();
        if (before.rules == rules) {
            return before;
        }
        var policy = rules.policies().of(address);
        var settings = policy == null ? null : policy.inbound();
        state = policy == null || settings == null
                ? new State(rules, null, List.of(), null)
                : new State(
                        rules,
                        settings,
                        rules.limits(policy.name(), "inbound", settings.rateLimits()),
                        Outlet.concurrency(before.concurrency, settings.concurrency()));
        return state;
    }

    String id() {
        return id;
    }

    /** What comes by the plain address. */
    Future<A> answerAny(Q question, Call call) {
        if (!isDraining) {
            return answer(question, call);
        }
        Future<A> answered = sidecar.elsewhere(address, question, call);
        return answered != null
                ? answered
                : Future.failedFuture(
                        Failure.of(Failure.Kind.UNAVAILABLE, address + " is stopping, try again in a moment"));
    }

    /** What has picked this instance. */
    Future<A> answer(Q question, Call call) {
        underWay.incrementAndGet();
        Future<A> answered;
        try {
            answered = guarded(question, call);
        } catch (RuntimeException refused) {
            answered = Future.failedFuture(refused);
        }
        return answered.onComplete(done -> ended());
    }

    private Future<A> guarded(Q question, Call call) {
        var now = state();
        if (now.settings == null && !call.hasDeadline()) {
            return answer.apply(question, call);
        }
        long nowNanos = sidecar.nowNanos();
        if (call.remainingNanos(nowNanos) <= 0) {
            return Future.failedFuture(Sidecar.tooLate(address));
        }
        for (int i = 0; now.settings != null && i < now.limits.size(); i++) {
            var limit = now.settings.rateLimits().get(i);
            long waitNanos = now.limits.get(i).take(Sidecar.key(limit, call), nowNanos);
            if (waitNanos > 0) {
                return Future.failedFuture(Sidecar.rateLimited(address, limit, waitNanos));
            }
        }
        var concurrency = now.concurrency;
        if (concurrency == null) {
            return answer.apply(question, call);
        }
        if (!concurrency.acquire()) {
            return Future.failedFuture(Sidecar.full(address, concurrency));
        }
        Future<A> answered;
        try {
            answered = answer.apply(question, call);
        } catch (RuntimeException refused) {
            answered = Future.failedFuture(refused);
        }
        return answered.onComplete(done -> concurrency.release(
                nowNanos, done.succeeded() ? Outcome.SUCCESS : outcome(done.cause()), sidecar.nowNanos()));
    }

    /** Only what says that there was too much makes the limit smaller. */
    private static Outcome outcome(Throwable failed) {
        var kind = Conditions.kind(failed);
        return kind == Failure.Kind.DEADLINE_EXCEEDED || Conditions.isRefusal(kind)
                ? Outcome.FAILURE
                : Outcome.EXCLUDED;
    }

    private void ended() {
        if (underWay.decrementAndGet() == 0 && isClosed) {
            drained.tryComplete();
        }
    }

    /** Is picked no more, lets what the bus has handed over and what has picked it be answered, then ends its two consumers. */
    Future<Void> end(Mesh.Registration plain, Mesh.Registration own) {
        isDraining = true;
        sidecar.registry().drain(id);
        Promise<Void> handedOver = Promise.promise();
        context.runOnContext(now -> handedOver.complete());
        Promise<Void> idle = Promise.promise();
        return handedOver
                .future()
                .compose(now -> plain.end())
                .compose(now -> {
                    sidecar.registry().whenIdle(id, idle::tryComplete);
                    return idle.future();
                })
                .compose(now -> own.end())
                .compose(now -> drained())
                .onComplete(now -> sidecar.registry().remove(id));
    }

    private Future<Void> drained() {
        isClosed = true;
        if (underWay.get() == 0) {
            drained.tryComplete();
        }
        return drained.future();
    }

    /** What is to be shown of the concurrency limit, null when there is none. */
    Sidecar.@Nullable Limit shownLimit() {
        var now = state();
        return now.concurrency == null ? null : Sidecar.Limit.of(address, "inbound", now.concurrency.snapshot());
    }
}
