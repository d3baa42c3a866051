package dev.sluice.bus;

import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The mesh on this process's own event bus: local consumers only, everything by reference. */
public final class EventBusMesh implements Mesh {
    private static final long ANSWER_WITHIN_MILLIS = 60_000;

    private final EventBus bus;
    private final Map<String, Integer> listeners = new ConcurrentHashMap<>();
    private final DeliveryOptions options = new DeliveryOptions()
            .setCodecName(ReferenceCodec.NAME)
            .setLocalOnly(true)
            .setSendTimeout(ANSWER_WITHIN_MILLIS);

    private EventBusMesh(EventBus bus) {
        this.bus = bus;
    }

    /** One mesh for each Vertx. */
    public static EventBusMesh on(Vertx vertx) {
        vertx.eventBus().registerCodec(new ReferenceCodec());
        return new EventBusMesh(vertx.eventBus());
    }

    @Override
    @SuppressWarnings("unchecked") // the asker and the consumer of an address agree on its answer
    public <A> Future<A> request(String address, Object body) {
        return bus.<Reference>request(address, new Reference(body), options)
                .transform(reply -> reply.succeeded()
                        ? settle((A) reply.result().body().value())
                        : Future.failedFuture(undelivered(address, reply.cause())));
    }

    private static <A> Future<A> settle(@Nullable A answer) {
        return answer instanceof Throwable failure ? Future.failedFuture(failure) : Future.succeededFuture(answer);
    }

    private static Throwable undelivered(String address, Throwable cause) {
        if (!(cause instanceof ReplyException reply)) {
            return cause;
        }
        return switch (reply.failureType()) {
            case TIMEOUT ->
                Failure.of(
                        Failure.Kind.DEADLINE_EXCEEDED,
                        address + " did not answer within " + ANSWER_WITHIN_MILLIS + " ms");
            case NO_HANDLERS -> Failure.of(Failure.Kind.UNAVAILABLE, "nobody listens on " + address);
            case RECIPIENT_FAILURE, ERROR -> cause;
        };
    }

    @Override
    public <Q, A> Registration consumer(String address, Class<Q> question, Function<Q, Future<A>> answer) {
        MessageConsumer<Reference> consumer = bus.localConsumer(address);
        consumer.handler(message -> answer(message, question, answer));
        return consumer::unregister;
    }

    private <Q, A> void answer(Message<Reference> message, Class<Q> question, Function<Q, Future<A>> answer) {
        Future<A> settled;
        try {
            settled = answer.apply(question.cast(message.body().value()));
        } catch (RuntimeException refused) {
            settled = Future.failedFuture(refused);
        }
        settled.onComplete(
                value -> message.reply(new Reference(value), options),
                failure -> message.reply(new Reference(failure), options));
    }

    @Override
    public void publish(String address, Object body) {
        bus.publish(address, new Reference(body), options);
    }

    @Override
    public <Q> Registration listen(String address, Class<Q> message, Consumer<Q> hear) {
        listeners.merge(address, 1, Integer::sum);
        MessageConsumer<Reference> consumer = bus.localConsumer(address);
        consumer.handler(told -> hear.accept(message.cast(told.body().value())));
        var isEnded = new AtomicBoolean();
        return () -> {
            if (!isEnded.getAndSet(true)) {
                listeners.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
            }
            return consumer.unregister();
        };
    }

    @Override
    public boolean isHeard(String address) {
        return listeners.containsKey(address);
    }
}
