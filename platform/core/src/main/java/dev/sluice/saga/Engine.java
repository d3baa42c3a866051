package dev.sluice.saga;

import dev.sluice.log.Failure;
import dev.sluice.log.Write;
import dev.sluice.saga.Incoming.Acted;
import dev.sluice.saga.Incoming.Answered;
import dev.sluice.saga.Incoming.Fired;
import dev.sluice.saga.Incoming.Passed;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sagas of a shard: gathers inputs while a write is under way, lets instances react to them in the next, and then sends and waits for what
 * they have decided. All state belongs to its context.
 */
final class Engine extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final long TICK_MILLIS = 1_000;
    private static final long BUSY_MILLIS = 20;
    private static final int MAX_ACTIONS = 1_000;
    /** Who lives so long is in no crash loop. */
    private static final long HEALTHY_MILLIS = 60_000;

    private final Shared shared;
    private final int shard;
    private final Reactor reactor;
    private final Timers timers;
    private final Timers.Alarm alarm = new Timers.Alarm(this::fire);
    private final Trials trials;
    private final Dispatcher dispatcher;
    private final Admission admission;
    private final ArrayDeque<Incoming> waiting = new ArrayDeque<>();
    private final AtomicInteger actions = new AtomicInteger();
    private final Map<Integer, Long> passed = new HashMap<>();
    private final Map<Integer, Long> written = new HashMap<>();
    private final List<Promise<Void>> room = new ArrayList<>();
    private boolean isWriting;
    private boolean isHalted;
    private boolean isStopping;
    private @Nullable Promise<Void> idle;

    /** What all engines of a process share. */
    record Shared(
            EventLog log,
            Definitions definitions,
            Participants participants,
            SagaLimits limits,
            LongSupplier clockMicros,
            Failpoints failpoints,
            Told told) {}

    /** Hears of every write of a shard. */
    interface Told {
        void reacted(int shard, Reacted reacted);
    }

    Engine(Shared shared, int shard) {
        this.shared = shared;
        this.shard = shard;
        int shards = shared.log().shards();
        trials = new Trials(shared.log(), shard);
        reactor = new Reactor(shared.definitions(), shared.limits(), shards);
        timers = new Timers(shared.log(), shard, shared.limits().timerWindow().toMillis());
        dispatcher = new Dispatcher(
                shared.log(), shard, Math.max(1, shared.limits().inFlight() / shards), this::send, this::answered);
        admission = new Admission(
                shared.log(), shard, shared.definitions(), shared.limits().batch(), this::called);
    }

    @Override
    public Future<?> start() {
        return trials.begin().onSuccess(booted -> {
            for (int source = 0; source < booted.cursors().size(); source++) {
                passed.put(source, booted.cursors().get(source));
                written.put(source, booted.cursors().get(source));
            }
        });
    }

    /** Sends what is to be sent and fires what is due; when all definitions are there. */
    Future<Void> work() {
        return on(() -> {
            vertx.setPeriodic(TICK_MILLIS, tick -> tick());
            vertx.setTimer(HEALTHY_MILLIS, lived -> trials.end());
            dispatcher.start();
            admission.look();
            load();
        });
    }

    private Future<Void> on(Runnable work) {
        Promise<Void> done = Promise.promise();
        context.runOnContext(now -> {
            work.run();
            done.complete();
        });
        return done.future();
    }

    /** Up to where a source had been read when it started. Any thread, once it has. */
    long booted(int source) {
        return trials.booted(source);
    }

    private long cursor(int source) {
        return written.getOrDefault(source, 0L);
    }

    /** Takes inputs on; answers when there is room for more. Any thread. */
    Future<Void> offer(List<Incoming> inputs) {
        Promise<Void> hasRoom = Promise.promise();
        context.runOnContext(now -> {
            if (isHalted) {
                hasRoom.complete(); // the engines of other shards go on
                return;
            }
            waiting.addAll(inputs);
            if (isFull()) {
                room.add(hasRoom);
            } else {
                hasRoom.complete();
            }
            pump();
        });
        return hasRoom.future();
    }

    /** OVERLOADED when too many operators wait. Any thread. */
    void act(Acted acted) {
        if (actions.incrementAndGet() > MAX_ACTIONS) {
            actions.decrementAndGet();
            acted.answer()
                    .completeExceptionally(Failure.of(
                            Failure.Kind.OVERLOADED,
                            "found " + MAX_ACTIONS + " actions waiting for sagas, try again later"));
            return;
        }
        acted.answer().whenComplete((done, refused) -> actions.decrementAndGet());
        context.runOnContext(now -> {
            if (isHalted || isStopping) {
                acted.answer().completeExceptionally(unavailable());
            } else {
                waiting.add(acted);
                pump();
            }
        });
    }

    private Failure unavailable() {
        return Failure.of(
                Failure.Kind.UNAVAILABLE, "found the sagas of shard " + shard + " stopped, expected them running");
    }

    private boolean isFull() {
        return waiting.size() >= 4 * shared.limits().batch();
    }

    private Future<Outcome> send(Dispatch dispatch) {
        var sent = shared.participants().send(dispatch);
        shared.failpoints().reached(Failpoints.Place.sent(dispatch.direction()));
        return sent;
    }

    private void answered(String row, Dispatch dispatch, Outcome outcome) {
        shared.failpoints().reached(Failpoints.Place.ANSWERED);
        waiting.add(new Answered(
                row,
                dispatch,
                new Input.Replied(
                        dispatch.step(), dispatch.direction(), dispatch.epoch(), dispatch.attempt(), outcome)));
        pump();
    }

    private void tick() {
        if (isHalted || isStopping) {
            return;
        }
        passed.forEach((source, offset) -> {
            if (offset > cursor(source) && !isWriting && waiting.isEmpty()) {
                waiting.add(new Passed(source, offset));
            }
        });
        if (!waiting.isEmpty()) {
            write();
        }
        dispatcher.read();
        admission.look();
        load();
    }

    private void called(List<InstanceId> ids) {
        ids.forEach(id -> waiting.add(new Incoming.Called(id)));
        pump();
    }

    private void load() {
        timers.load(nowMillis())
                .onSuccess(held -> fire())
                .onFailure(
                        failed -> LOG.warn("saga_timers_unread shard={} problem=\"{}\"", shard, failed.getMessage()));
    }

    private long nowMillis() {
        return shared.clockMicros().getAsLong() / 1_000;
    }

    /** Hands on the timers that are due, and sets the alarm for the next. */
    private void fire() {
        if (isHalted || isStopping) {
            return;
        }
        boolean isAny = false;
        while (!isFull()) {
            var due = timers.take(nowMillis(), shared.limits().batch());
            if (due.isEmpty()) {
                break;
            }
            isAny = true;
            due.forEach(key -> waiting.add(fired(key)));
        }
        if (isAny) {
            shared.failpoints().reached(Failpoints.Place.TIMER_DUE);
            pump();
        }
        alarm.set(vertx, timers.nextMillis(), nowMillis());
    }

    private static Fired fired(String key) {
        return new Fired(
                new InstanceId(RowKeys.part(key, 3), RowKeys.part(key, 4)),
                new Input.TimerFired(RowKeys.part(key, 5), Timers.dueMillis(key)));
    }

    private void pump() {
        while (waiting.peek() instanceof Passed it) {
            passed.merge(it.source(), it.offset(), Math::max);
            waiting.remove();
        }
        if (!waiting.isEmpty()) {
            write();
        } else {
            hasRoom();
        }
    }

    private void write() {
        if (isWriting || isHalted || isStopping) {
            return;
        }
        isWriting = true;
        var batch = gather();
        shared.failpoints().reached(Failpoints.Place.INPUT_READ);
        if (trials.next()) {
            tryAlone(batch);
        } else {
            commit(batch, tx -> reactor.react(tx, batch));
        }
    }

    private List<Incoming> gather() {
        int most = trials.most(shared.limits().batch());
        var batch = new ArrayList<Incoming>(Math.min(most, waiting.size() + passed.size()));
        while (batch.size() < most && !waiting.isEmpty()) {
            batch.add(waiting.poll());
        }
        return batch;
    }

    private void tryAlone(List<Incoming> batch) {
        String input = batch.get(0).name();
        if (trials.condemns(input)) {
            condemn(batch, "the process ended whenever " + input + " came");
        } else {
            trials.trying(input)
                    .onSuccess(noted -> commit(batch, tx -> reactor.react(tx, batch)))
                    .onFailure(failed -> failed(batch, failed));
        }
    }

    private void commit(List<Incoming> batch, Write<Reacted> write) {
        shared.log()
                .write(shard, write)
                .onSuccess(reacted -> committed(batch, reacted))
                .onFailure(failed -> failed(batch, failed));
    }

    private void committed(List<Incoming> batch, Reacted reacted) {
        shared.failpoints().reached(Failpoints.Place.COMMITTED);
        isWriting = false;
        timers.change(reacted.disarmed(), reacted.armed());
        dispatcher.change(reacted.unsent(), reacted.sent());
        admission.change(reacted.counts());
        for (var input : batch) {
            if (input instanceof Incoming.Arrived it) {
                read(it.source(), it.offset());
                var retry = it.retry();
                if (retry != null) {
                    retry.written().complete(reacted.again());
                }
            } else if (input instanceof Passed it) {
                read(it.source(), it.offset());
            } else if (input instanceof Answered it) {
                dispatcher.written(it.row());
            } else if (input instanceof Incoming.Called it) {
                admission.written(it.id());
            }
        }
        reacted.answers().forEach(Reacted.Answer::tell);
        shared.told().reacted(shard, reacted);
        if (letsStop()) {
            return;
        }
        trials.written();
        fire();
        pump();
        hasRoom();
    }

    private void read(int source, long offset) {
        written.merge(source, offset, Math::max);
        passed.merge(source, offset, Math::max);
    }

    private void hasRoom() {
        if (!isFull() && !room.isEmpty()) {
            var told = List.copyOf(room);
            room.clear();
            told.forEach(Promise::complete);
        }
    }

    /** Too busy: again. A shard that stopped: no more. A bug: each input alone, and the one that it is parks its instance. */
    private void failed(List<Incoming> batch, Throwable cause) {
        reactor.forget();
        if (cause instanceof Failure failure && failure.kind() == Failure.Kind.OVERLOADED) {
            again(batch);
        } else if (cause instanceof Failure failure
                && (failure.kind() == Failure.Kind.UNAVAILABLE || failure.kind() == Failure.Kind.OUTCOME_UNKNOWN)) {
            halt(batch, failure);
        } else if (batch.size() > 1) {
            trials.each(batch.size());
            again(batch);
        } else {
            LOG.warn(
                    "saga_input_broken shard={} input=\"{}\"",
                    shard,
                    batch.get(0).name(),
                    cause);
            condemn(batch, String.valueOf(cause));
        }
    }

    private void condemn(List<Incoming> batch, String error) {
        shared.log()
                .write(shard, tx -> reactor.park(tx, batch.get(0), error))
                .onSuccess(reacted -> committed(batch, reacted))
                .onFailure(failed -> {
                    if (failed instanceof Failure failure && failure.kind() == Failure.Kind.OVERLOADED) {
                        vertx.setTimer(BUSY_MILLIS, later -> condemn(batch, error));
                    } else {
                        halt(batch, failed);
                    }
                });
    }

    private void again(List<Incoming> batch) {
        for (int i = batch.size() - 1; i >= 0; i--) {
            waiting.addFirst(batch.get(i));
        }
        vertx.setTimer(BUSY_MILLIS, later -> {
            isWriting = false;
            if (!letsStop()) {
                pump();
            }
        });
    }

    /** After a write: goes on stopping, when it is asked to. */
    private boolean letsStop() {
        var stopping = idle;
        return stopping != null && stopping.tryComplete();
    }

    private void halt(List<Incoming> batch, Throwable cause) {
        isHalted = true;
        isWriting = false;
        dispatcher.stop();
        LOG.warn("sagas_halted shard={} problem=\"{}\"", shard, cause.getMessage());
        batch.forEach(this::refuse);
        waiting.forEach(this::refuse);
        waiting.clear();
        hasRoom();
        letsStop();
    }

    private void refuse(Incoming input) {
        if (input instanceof Acted acted) {
            acted.answer().completeExceptionally(unavailable());
        }
    }

    /**
     * Finishes the write that is under way; what waits comes again at the next start. What was read comes to nobody again: another code could tell another
     * key of it than that under which it was taken, or became a dead letter, in another shard.
     */
    @Override
    public Future<?> stop() {
        isStopping = true;
        dispatcher.stop();
        Promise<Void> ended = Promise.promise();
        if (isWriting) {
            idle = ended;
        } else {
            ended.complete();
        }
        return ended.future().compose(done -> {
            var read = waiting.isEmpty() ? Map.copyOf(passed) : Map.<Integer, Long>of();
            waiting.forEach(this::refuse);
            waiting.clear();
            return isHalted
                    ? Future.succeededFuture()
                    : shared.log().write(shard, tx -> {
                        read.forEach((source, offset) -> tx.put(RowKeys.cursor(source), Json.bytes(offset)));
                        tx.delete(RowKeys.STARTS);
                        return tx.shard();
                    });
        });
    }
}
