package dev.sluice.saga;

import dev.sluice.log.Position;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Something for the instances of a shard, as it waits for the next write. */
sealed interface Incoming {
    /** What {@code causationid} says of events that it leads to. */
    String cause();

    /** What it is called where it is tried alone; the same when it comes again after a restart. */
    default String name() {
        return getClass().getSimpleName() + " " + cause();
    }

    /**
     * An event that concerns instances of this shard, or one of whose keys cannot be told.
     *
     * @param source where it, or the retry, is read
     * @param retry of a dead letter about it, null when it comes for the first time
     */
    record Arrived(
            int source,
            long offset,
            ReceivedEvent event,
            List<Concern> concerns,
            @Nullable Retry retry) implements Incoming {
        @Override
        public String cause() {
            return event.id();
        }

        @Override
        public String name() {
            return retry == null ? event.position() : "retry of " + retry.letter();
        }
    }

    /**
     * A dead letter that is tried again.
     *
     * @param letter where it is
     * @param attempts so far
     * @param written with what is a dead letter again, once that is committed
     */
    record Retry(Position letter, int attempts, CompletableFuture<List<Reacted.Again>> written) {}

    /** A source has been read up to here. */
    record Passed(int source, long offset) implements Incoming {
        @Override
        public String cause() {
            return source + ":" + offset;
        }
    }

    /** @param row of the outbox, its key */
    record Answered(String row, Dispatch of, Input.Replied reply) implements Incoming {
        @Override
        public String cause() {
            return of.commandId();
        }

        @Override
        public String name() {
            return of.commandId() + "/" + of.attempt();
        }
    }

    record Fired(InstanceId id, Input.TimerFired timer) implements Incoming {
        @Override
        public String cause() {
            return timer.id();
        }

        @Override
        public String name() {
            return RowKeys.timer(id, timer.id(), timer.dueMillis());
        }
    }

    /** One of those that wait to be admitted; it is when there is room. */
    record Called(InstanceId id) implements Incoming {
        @Override
        public String cause() {
            return "admission";
        }

        @Override
        public String name() {
            return cause() + " " + id;
        }
    }

    record Acted(InstanceId id, Input.OperatorAction action, CompletableFuture<Instance> answer) implements Incoming {
        @Override
        public String cause() {
            return action.id();
        }
    }

    /**
     * An instance that an event is for.
     *
     * @param id null when the key could not be told
     * @param triggers by which it may be, of any version; where the key could not be told, those of the saga whose keys could
     * @param problem why nobody can be given it
     */
    record Concern(
            String saga,
            @Nullable InstanceId id,
            List<Matched> triggers,
            @Nullable Problem problem) {
        static Concern of(InstanceId id) {
            return new Concern(id.saga(), id, List.of(), null);
        }
    }

    /** @param reason of the {@link DeadLetter} that the event becomes */
    record Problem(String reason, String detail) {}

    /** A trigger of a version of a saga. */
    record Matched(int version, String trigger) {}
}
