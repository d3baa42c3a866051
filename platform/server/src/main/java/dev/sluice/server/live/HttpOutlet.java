package dev.sluice.server.live;

import dev.sluice.log.Failure;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** One subscription as the answer to one HTTP request: gives it its turns, ends it when the request ends. */
abstract class HttpOutlet implements Outlet {
    private final Live live;
    private @Nullable Subscription subscription;
    private boolean isReady;
    private boolean isTakingTurns;
    private boolean isReading;
    private boolean isOver;

    HttpOutlet(Live live) {
        this.live = live;
    }

    /** Begins; what is wrong with the request is INVALID_REQUEST or a Failure of its own, and nothing has been written then. */
    final Future<Void> open(Request.Subscribe request, Flow flow) {
        try {
            var opened = Subscription.of(this, request, flow);
            subscription = opened;
            live.meters().opened();
            return opened.open().recover(refused -> {
                end();
                return Future.failedFuture(failure(refused));
            });
        } catch (Refused | Failure refused) {
            end();
            throw failure(refused);
        }
    }

    static Failure failure(Throwable cause) {
        return cause instanceof Failure known
                ? known
                : Failure.of(
                        cause instanceof Refused ? Failure.Kind.INVALID_REQUEST : Failure.Kind.INTERNAL,
                        String.valueOf(cause.getMessage()));
    }

    @Override
    public final Live live() {
        return live;
    }

    @Override
    public final void wake(Subscription woken) {
        isReady = true;
        takeTurns();
    }

    final void takeTurns() {
        var turning = subscription;
        if (turning == null || isTakingTurns || isReading) {
            return;
        }
        isTakingTurns = true;
        try {
            while (isReady && !isReading && !isOver && hasRoom()) {
                isReady = false;
                var step = turning.advance();
                if (step != null) {
                    isReading = true;
                    step.onComplete(done -> {
                        isReading = false;
                        takeTurns();
                    });
                }
            }
        } catch (RuntimeException failed) {
            fail(turning, failed);
        } finally {
            isTakingTurns = false;
        }
        if (!isReading && !isOver) {
            idle();
        }
    }

    /** It has nothing to do for now. */
    void idle() {}

    final boolean isOver() {
        return isOver;
    }

    /** Where the client stands with what it was sent. */
    final String cursor() {
        return subscription == null ? "" : subscription.position().encode();
    }

    final boolean hasCredit() {
        return subscription != null && subscription.flow.room() > 0;
    }

    final void tick() {
        if (subscription != null && !isOver) {
            try {
                subscription.tick();
            } catch (RuntimeException failed) {
                fail(subscription, failed);
            }
        }
    }

    /** Lets go of the subscription. */
    void end() {
        if (!isOver) {
            isOver = true;
            if (subscription != null) {
                subscription.end();
                live.meters().closed();
            }
        }
    }
}
