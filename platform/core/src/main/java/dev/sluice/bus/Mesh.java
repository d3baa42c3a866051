package dev.sluice.bus;

import io.vertx.core.Future;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The way from room to room: every call over the event bus goes through it, so that policies can sit on its addresses. Bodies
 * and answers are immutable and travel by reference; a {@link dev.sluice.log.Failure} arrives as itself.
 */
public interface Mesh {
    /** Asks the consumer of an address; fails with its Failure, or UNAVAILABLE when nobody listens. */
    <A> Future<A> request(String address, Object body);

    /** Answers requests to an address, each on the context that registered. The registration ends with the handle. */
    <Q, A> Registration consumer(String address, Class<Q> question, Function<Q, Future<A>> answer);

    /** Tells all listeners of an address; nothing happens when there is none. */
    void publish(String address, Object body);

    /** Whether somebody {@link #listen listens} in this process; any thread. */
    boolean isHeard(String address);

    /** Hears what is published, on the context that registered. */
    <Q> Registration listen(String address, Class<Q> message, Consumer<Q> hear);

    /** Ends a consumer or listener. */
    @FunctionalInterface
    interface Registration {
        Future<Void> end();
    }
}
