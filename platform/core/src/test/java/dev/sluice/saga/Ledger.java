package dev.sluice.saga;

import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A participant that keeps account of what it did and what it undid; does the same command once, and none that was undone before it came. It does not
 * remember what it refused: who is told of a refusal must not send the command again.
 */
final class Ledger {
    /** What it does with a command. */
    enum Manner {
        DO,
        REJECT,
        /** Neither does it nor answers. */
        SILENT,
        /** Does it and does not answer. */
        MUTE,
        FAIL
    }

    private final Map<String, Manner> done = new HashMap<>();
    private final Set<String> voided = new HashSet<>();
    private final List<ParticipantCommand> seen = new ArrayList<>();
    private final Map<String, Integer> net = new HashMap<>();
    private Function<ParticipantCommand, Manner> manner = command -> Manner.DO;

    Mesh.Registration serve(Mesh mesh, String address) {
        return mesh.consumer(
                address, ParticipantCommand.class, (ParticipantCommand command, Call call) -> take(command));
    }

    synchronized void manner(Function<ParticipantCommand, Manner> chosen) {
        manner = chosen;
    }

    private synchronized Future<ParticipantReply> take(ParticipantCommand command) {
        seen.add(command);
        var before = done.get(command.commandId());
        if (before == Manner.DO) {
            return accepted(command);
        }
        if (voided.contains(command.commandId())) {
            return rejected("undone");
        }
        var how = manner.apply(command);
        return switch (how) {
            case DO -> {
                carryOut(command);
                yield accepted(command);
            }
            case MUTE -> {
                carryOut(command);
                yield Promise.<ParticipantReply>promise().future();
            }
            case REJECT -> rejected("refused");
            case SILENT -> Promise.<ParticipantReply>promise().future();
            case FAIL -> Future.failedFuture(new IllegalStateException("broken"));
        };
    }

    private void carryOut(ParticipantCommand command) {
        done.put(command.commandId(), Manner.DO);
        if (command.undoes() == null) {
            net.merge(command.saga(), 1, Integer::sum);
            return;
        }
        voided.add(command.undoes());
        if (done.containsKey(command.undoes())) {
            net.merge(command.saga(), -1, Integer::sum);
        }
    }

    private static Future<ParticipantReply> accepted(ParticipantCommand command) {
        return Future.succeededFuture(
                new ParticipantReply(false, command.type() + "Done", "{\"ok\":true}".getBytes(StandardCharsets.UTF_8)));
    }

    private static Future<ParticipantReply> rejected(String code) {
        return Future.succeededFuture(new ParticipantReply(true, code, "{}".getBytes(StandardCharsets.UTF_8)));
    }

    /** What is in force of an instance {@code NAME/KEY}. */
    synchronized int net(String saga) {
        return net.getOrDefault(saga, 0);
    }

    synchronized List<ParticipantCommand> seen() {
        return List.copyOf(seen);
    }
}
