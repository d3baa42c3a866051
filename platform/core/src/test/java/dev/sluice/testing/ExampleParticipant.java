package dev.sluice.testing;

import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A participant that keeps {@link ParticipantContract}, in memory. One that is real keeps its replies, what was undone and the effect in one
 * transaction.
 */
public final class ExampleParticipant {
    private final Map<String, ParticipantReply> replies = new HashMap<>();
    private final Set<String> undone = new HashSet<>();
    private final Map<String, Integer> effects = new HashMap<>();

    /** Answers a command; its repetition as the first time. */
    public synchronized ParticipantReply ask(ParticipantCommand command) {
        var known = replies.get(command.commandId());
        if (known != null) {
            return known;
        }
        var reply = command.undoes() == null ? act(command) : undo(command.undoes());
        replies.put(command.commandId(), reply);
        return reply;
    }

    private ParticipantReply act(ParticipantCommand command) {
        if (undone.contains(command.commandId())) {
            return new ParticipantReply(true, "undone", bytes("{\"message\":\"its undo came first\"}"));
        }
        effects.merge(command.commandId(), 1, Integer::sum);
        return new ParticipantReply(false, "Done", bytes("{\"receipt\":" + effects.size() + "}"));
    }

    private ParticipantReply undo(String command) {
        undone.add(command);
        boolean wasDone = effects.remove(command) != null;
        return new ParticipantReply(false, "Undone", bytes("{\"wasDone\":" + wasDone + "}"));
    }

    /** How often the effect of a command is in force. */
    public synchronized long net(String commandId) {
        return effects.getOrDefault(commandId, 0);
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
