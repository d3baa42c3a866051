package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Send;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a step may ask of somebody: a type of command, where it goes, how a success is answered and which codes mean a rejection. The simple names of the
 * records are the types on the wire.
 *
 * @param <C> the record of the command
 * @param <R> the record of the reply; {@link Void} when it says nothing
 */
public final class Participant<C, R> {
    private final Class<C> command;
    private final Send.Target target;
    private final Function<C, String> to;
    private final @Nullable Class<R> reply;
    private final List<String> rejects;

    private Participant(
            Class<C> command,
            Send.Target target,
            Function<C, String> to,
            @Nullable Class<R> reply,
            List<String> rejects) {
        this.command = command;
        this.target = target;
        this.to = to;
        this.reply = reply;
        this.rejects = List.copyOf(rejects);
    }

    /** An aggregate of the platform: a command names its stream. */
    public static <C> Participant<C, Void> stream(Class<C> command, Function<C, String> stream) {
        return new Participant<>(command, Send.Target.STREAM, stream, null, List.of());
    }

    /** An address of the event bus. */
    public static <C> Participant<C, Void> bus(Class<C> command, String address) {
        return new Participant<>(command, Send.Target.BUS, ignored -> "bus:" + address, null, List.of());
    }

    /** A path of an upstream of the mesh. */
    public static <C> Participant<C, Void> http(Class<C> command, String upstream, String path) {
        return new Participant<>(
                command, Send.Target.HTTP, ignored -> "http:" + upstream + "/" + path, null, List.of());
    }

    /** A topic of commands. */
    public static <C> Participant<C, Void> kafka(Class<C> command, String topic) {
        return new Participant<>(command, Send.Target.KAFKA, ignored -> "kafka:" + topic, null, List.of());
    }

    /** Success is answered with such a reply; without, any answer that is no rejection means success. */
    public <A> Participant<C, A> replies(Class<A> type) {
        return new Participant<>(command, target, to, type, rejects);
    }

    /** Types of replies that mean: definitely no effect. What the participant calls a rejection is one, whether its code is listed or not. */
    public Participant<C, R> rejects(String... codes) {
        return new Participant<>(command, target, to, reply, List.of(codes));
    }

    /** Has a machine send a command under a name of its definition. */
    public Effect schedule(String name, C of) {
        return new Effect.Schedule(name, command.getSimpleName(), outgoing(of));
    }

    Outgoing outgoing(C of) {
        return new Outgoing(to.apply(of), Mapping.tree(of));
    }

    Send send(Policy policy) {
        var replies = reply == null ? List.<String>of() : List.of(reply.getSimpleName());
        return new Send(command.getSimpleName(), target, replies, rejects, policy.timeout(), policy.retry());
    }

    @Nullable
    Class<R> reply() {
        return reply;
    }

    /** What a reply says to a machine: JSON of a participant of whom nothing is known, null when it says nothing. */
    @Nullable
    Object read(JsonNode data) {
        if (reply == null) {
            return data;
        }
        return StepCode.saysNothing(reply, data) ? null : Mapping.reply(data, reply);
    }
}
