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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mesh on this process's own event bus: local consumers only, everything by reference. */
public final class EventBusMesh implements Mesh {
    private static final Logger LOG = LoggerFactory.getLogger(EventBusMesh.class);
    private static final long ANSWER_WITHIN_MILLIS = 60_000;
    private static final long MILLI_NANOS = 1_000_000;

    /** How the bus begins to say, as a timeout, that a consumer ended before it was handed a message that had come. */
    private static final String DISCARDED = "Discarded";

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

    /**
     * From now on refuses what comes to guarded addresses without having passed a mesh: it would escape their policies.
     * FORBIDDEN to who waits for an answer.
     */
    public void guard(Predicate<String> isGuarded) {
        bus.addInboundInterceptor(delivery -> {
            var message = delivery.message();
            if (message.body() instanceof Reference || !isGuarded.test(message.address())) {
                delivery.next();
                return;
            }
            String refusal = "found a message to " + message.address()
                    + " that did not come through the mesh, expected Mesh.request: the address is under a policy";
            LOG.warn("mesh_bypassed address={}", message.address());
            message.fail(Failure.Kind.BYPASSES_MESH.httpStatus(), refusal);
        });
    }

    @Override
    @SuppressWarnings("unchecked") // the asker and the consumer of an address agree on its answer
    public <A> Future<A> request(String address, Object body, Call call) {
        var within = within(call);
        return bus.<Reference>request(address, new Reference(body, call), within)
                .transform(reply -> reply.succeeded()
                        ? settle((A) reply.result().body().value())
                        : Future.failedFuture(undelivered(address, reply.cause(), within.getSendTimeout())));
    }

    /** A call's own deadline holds, also a later one: an outside participant may take minutes. */
    DeliveryOptions within(Call call) {
        if (!call.hasDeadline()) {
            return options;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(call.remainingNanos(System.nanoTime()) + MILLI_NANOS - 1);
        return new DeliveryOptions(options).setSendTimeout(Math.max(1, millis));
    }

    private static <A> Future<A> settle(@Nullable A answer) {
        return answer instanceof Throwable failure ? Future.failedFuture(failure) : Future.succeededFuture(answer);
    }

    private static Throwable undelivered(String address, Throwable cause, long withinMillis) {
        if (!(cause instanceof ReplyException reply)) {
            return cause;
        }
        return switch (reply.failureType()) {
            case TIMEOUT ->
                String.valueOf(reply.getMessage()).startsWith(DISCARDED)
                        ? nobodyListens(address)
                        : Failure.of(
                                Failure.Kind.DEADLINE_EXCEEDED,
                                address + " did not answer within " + withinMillis + " ms");
            case NO_HANDLERS -> nobodyListens(address);
            case RECIPIENT_FAILURE, ERROR -> cause;
        };
    }

    private static Failure nobodyListens(String address) {
        return Failure.of(Failure.Kind.NO_HANDLERS, "nobody listens on " + address);
    }

    @Override
    public <Q, A> Registration consumer(String address, Class<Q> question, BiFunction<Q, Call, Future<A>> answer) {
        MessageConsumer<Reference> consumer = bus.localConsumer(address);
        consumer.handler(message -> answer(message, question, answer));
        return consumer::unregister;
    }

    private <Q, A> void answer(Message<Reference> message, Class<Q> question, BiFunction<Q, Call, Future<A>> answer) {
        Future<A> settled;
        try {
            var asked = message.body();
            settled = answer.apply(question.cast(asked.value()), asked.call());
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
