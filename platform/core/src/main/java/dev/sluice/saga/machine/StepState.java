package dev.sluice.saga.machine;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A step of an instance as its events have left it. Changed by {@link Instance#fold} only. */
@JsonAutoDetect(
        fieldVisibility = JsonAutoDetect.Visibility.ANY,
        getterVisibility = JsonAutoDetect.Visibility.NONE,
        isGetterVisibility = JsonAutoDetect.Visibility.NONE)
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class StepState {
    /** What does not go to a stream of the platform. */
    private static final Pattern ELSEWHERE = Pattern.compile("bus:|http:|kafka:");

    StepStatus status = StepStatus.PENDING;
    /** When it began, as a number; 0: not yet. */
    int order;
    /** Raised by an operator's fresh retry; by direction, as an undo has its own. */
    int epoch;

    int undoEpoch;
    int attempt;
    int deferrals;
    /** Of the first attempt in this direction, ms since 1970 UTC. */
    long beganMillis;
    /** Of the attempt under way, µs since 1970 UTC. */
    long sinceMicros;

    @Nullable
    Sending sending;

    /** Where the command goes that an undo takes back; null until it is sent. */
    @Nullable
    String sentTo;

    @Nullable
    String replyType;

    @Nullable
    JsonNode reply;

    @Nullable
    String error;

    /**
     * A command that has no clear answer yet.
     *
     * @param to as {@link dev.sluice.saga.definition.Outgoing#to}; of {@link Direction#PUBLISH} a stream
     */
    public record Sending(
            Direction direction,
            int epoch,
            String commandId,
            String to,
            String type,
            JsonNode data,
            long timeoutMillis) {}

    StepState copy() {
        var copy = new StepState();
        copy.status = status;
        copy.order = order;
        copy.epoch = epoch;
        copy.undoEpoch = undoEpoch;
        copy.attempt = attempt;
        copy.deferrals = deferrals;
        copy.beganMillis = beganMillis;
        copy.sinceMicros = sinceMicros;
        copy.sending = sending;
        copy.sentTo = sentTo;
        copy.replyType = replyType;
        copy.reply = reply;
        copy.error = error;
        return copy;
    }

    public StepStatus status() {
        return status;
    }

    /** When it began, as a number from 1 on; 0: not yet. */
    public int order() {
        return order;
    }

    public int attempt() {
        return attempt;
    }

    public @Nullable Sending sending() {
        return sending;
    }

    public @Nullable String replyType() {
        return replyType;
    }

    public @Nullable JsonNode reply() {
        return reply;
    }

    /** The last one. */
    public @Nullable String error() {
        return error;
    }

    /** The epoch that the next command in a direction has. */
    public int epoch(Direction direction) {
        return direction == Direction.UNDO ? undoEpoch : epoch;
    }

    /**
     * Its undo may name the command that it undoes. An aggregate knows the commands of its own stream only: that of another would count as one
     * that never came, and the undo as done without being decided.
     */
    boolean isNamedToUndo() {
        return sending == null
                || sentTo == null
                || sending.to().equals(sentTo)
                || ELSEWHERE.matcher(sending.to()).lookingAt();
    }

    /** What it did, or may have done, is in force. */
    boolean isInForce() {
        return switch (status) {
            case SUCCEEDED, UNKNOWN, UNDOING, UNDO_FAILED -> true;
            case RUNNING -> sending != null;
            case PENDING, REJECTED, SKIPPED, UNDONE -> false;
        };
    }
}
