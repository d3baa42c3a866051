package dev.sluice.participant;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import dev.sluice.spi.Source;
import dev.sluice.spi.Source.RawRecord;
import dev.sluice.spi.TopicWriter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A participant that takes commands from a topic and answers on another: consumer of {@link Addresses#commandTopic}. A command is sent
 * when the reply topic is read, and waits until a reply with its id comes or its deadline: then its outcome is unknown. All state belongs
 * to this verticle's event loop.
 */
public final class CommandTopic extends VerticleBase {
    /** For calls without a deadline. */
    private static final long DEFAULT_WAIT_MILLIS = 60_000;

    private final CommandTopicConfig config;
    private final Mesh mesh;
    private final TopicWriter commands;
    private final Source replies;
    private final ReplySink sink = new ReplySink(this::replied);
    private final ParticipantMeters meters;
    private final Counter answered;
    private final Counter dropped;
    private final Counter unreadable;
    private final Map<String, Waiting> waiting = new HashMap<>();
    private final AtomicInteger waitingCount = new AtomicInteger();
    private Mesh.@Nullable Registration registration;

    /** A command that is on its way, or waits for its reply. */
    private record Waiting(Promise<ParticipantReply> reply, CompletableFuture<Void> sending, long timer) {}

    /**
     * @param commands writes to the topic; closed with this
     * @param replies reads the reply topic and accepts the loss of offsets; closed with this
     */
    public CommandTopic(
            CommandTopicConfig config, Mesh mesh, TopicWriter commands, Source replies, MeterRegistry registry) {
        this.config = config;
        this.mesh = mesh;
        this.commands = commands;
        this.replies = replies;
        this.meters = new ParticipantMeters(registry, Addresses.commandTopic(config.topic()));
        this.answered = meters.replies("answered");
        this.dropped = meters.replies("dropped");
        this.unreadable = meters.replies("unreadable");
        meters.waiting(waitingCount::get);
    }

    @Override
    public Future<?> start() {
        replies.start(sink);
        registration = mesh.consumer(Addresses.commandTopic(config.topic()), ParticipantCommand.class, this::ask);
        return Future.succeededFuture();
    }

    /** Whoever waits does not know what happened: it comes again. */
    @Override
    public Future<?> stop() {
        List.copyOf(waiting.keySet()).forEach(id -> settle(id, Future.failedFuture(unknown(id, "stopping"))));
        var known = registration;
        Future<?> ended = known == null ? Future.succeededFuture() : known.end();
        return ended.eventually(() -> vertx.executeBlocking(() -> {
            replies.close();
            commands.close();
            return null;
        }));
    }

    /** Why no command is sent now, null when there is no reason. */
    public @Nullable String problem() {
        var status = replies.status();
        if (status.problem() != null || !status.connected()) {
            return status.problem() == null ? "no broker answers" : status.problem();
        }
        return sink.isComplete() ? null : "the end of topic " + config.replyTopic() + " is not found yet";
    }

    private Future<ParticipantReply> ask(ParticipantCommand command, Call call) {
        long startNanos = System.nanoTime();
        return meters.measured(startNanos, send(command, call, startNanos));
    }

    private Future<ParticipantReply> send(ParticipantCommand command, Call call, long nowNanos) {
        String problem = problem();
        if (problem != null) {
            return Future.failedFuture(Failure.of(
                    Failure.Kind.UNAVAILABLE, "topic " + config.topic() + " was not sent the command: " + problem));
        }
        String id = command.commandId();
        settle(id, Future.failedFuture(unknown(id, "it was asked for again")));
        if (waiting.size() >= config.maxWaiting()) {
            return Future.failedFuture(Failure.of(
                    Failure.Kind.OVERLOADED,
                    "topic " + config.topic() + " was not sent the command: " + waiting.size()
                            + " wait for their reply, expected fewer than " + config.maxWaiting()));
        }
        long millis = call.hasDeadline()
                ? Math.max(1, TimeUnit.NANOSECONDS.toMillis(call.remainingNanos(nowNanos)))
                : DEFAULT_WAIT_MILLIS;
        var sending = commands.write(config.topic(), CommandRecord.of(command, config.replyTopic(), call.traceparent()))
                .toCompletableFuture();
        var waits = new Waiting(
                Promise.promise(),
                sending,
                vertx.setTimer(
                        millis,
                        due -> settle(id, Future.failedFuture(unknown(id, "no reply within " + millis + " ms")))));
        waiting.put(id, waits);
        waitingCount.set(waiting.size());
        Future.fromCompletionStage(sending, context).onFailure(failed -> {
            if (waiting.get(id) == waits) {
                settle(id, Future.failedFuture(failed));
            }
        });
        return waits.reply.future();
    }

    /** Ends the waiting for a reply; what has not left yet is not sent. False when nobody waits. */
    private boolean settle(String commandId, Future<ParticipantReply> outcome) {
        var waits = waiting.remove(commandId);
        if (waits == null) {
            return false;
        }
        waitingCount.set(waiting.size());
        vertx.cancelTimer(waits.timer);
        waits.sending.cancel(false);
        outcome.onComplete(waits.reply);
        return true;
    }

    /** What was read of the reply topic, on the thread that reads it. */
    private Future<Void> replied(List<RawRecord> read) {
        if (read.isEmpty()) {
            return Future.succeededFuture();
        }
        Promise<Void> taken = Promise.promise();
        context.runOnContext(now -> {
            read.forEach(this::replied);
            taken.complete();
        });
        return taken.future();
    }

    private void replied(RawRecord read) {
        String id = ReplyRecord.commandId(read);
        if (id == null || !waiting.containsKey(id)) {
            dropped.increment();
            return;
        }
        try {
            var reply = ReplyRecord.read(read);
            answered.increment();
            settle(id, Future.succeededFuture(reply));
        } catch (Failure cannotBeRead) {
            unreadable.increment();
            settle(id, Future.failedFuture(cannotBeRead));
        }
    }

    private Failure unknown(String commandId, String why) {
        return Failure.of(
                Failure.Kind.OUTCOME_UNKNOWN,
                "topic " + config.topic() + ": nobody knows what became of command " + commandId + ": " + why);
    }
}
