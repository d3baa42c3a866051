package dev.sluice.bus;

import io.vertx.core.Future;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The way from room to room: every call over the event bus goes through it, so that policies can sit on its addresses. Bodies
 * and answers are immutable and travel by reference; a {@link dev.sluice.log.Failure} arrives as itself.
 */
public interface Mesh {
    /**
     * Asks the consumer of an address; fails with its Failure, with NO_HANDLERS when nobody listens, with DEADLINE_EXCEEDED when
     * there is no answer in time.
     */
    <A> Future<A> request(String address, Object body, Call call);

    /** As {@link #request(String, Object, Call)}, for the platform itself. */
    default <A> Future<A> request(String address, Object body) {
        return request(address, body, Call.PLAIN);
    }

    /** Answers requests to an address, each on the context that registered. The registration ends with the handle. */
    <Q, A> Registration consumer(String address, Class<Q> question, BiFunction<Q, Call, Future<A>> answer);

    /** As {@link #consumer(String, Class, BiFunction)}, for who needs nothing but the body. */
    default <Q, A> Registration consumer(String address, Class<Q> question, Function<Q, Future<A>> answer) {
        return consumer(address, question, (body, call) -> answer.apply(body));
    }

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
