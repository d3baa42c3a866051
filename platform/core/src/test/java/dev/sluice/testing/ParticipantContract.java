package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * What every participant of sagas keeps, as tests of one command and the command that undoes it. Each test has command ids and a key of
 * its own, so that it may run against a service that is never emptied.
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> keepsTheContract() {
 *     return ParticipantContract.of(payments::ask, command -> payments.net(command.commandId()))
 *             .does("charges", "Charge", key -> "{\"orderId\":\"" + key + "\",\"cents\":500}")
 *             .undoneBy("refunds", "Refund", key -> "{\"orderId\":\"" + key + "\"}")
 *             .tests();
 * }
 * }</pre>
 */
public final class ParticipantContract {
    private static final int AT_ONCE = 8;

    private final Participant participant;
    private final Ledger ledger;
    private final Ask does;
    private final Ask undoes;

    private ParticipantContract(Participant participant, Ledger ledger, Ask does, Ask undoes) {
        this.participant = participant;
        this.ledger = ledger;
        this.does = does;
        this.undoes = undoes;
    }

    /** A participant as the saga sees it. */
    @FunctionalInterface
    public interface Participant {
        /** Sends a command and waits for its clear answer; throws when there is none. */
        ParticipantReply ask(ParticipantCommand command) throws Exception;
    }

    /** What the participant itself has on record. */
    @FunctionalInterface
    public interface Ledger {
        /** How often a command's effect is in force: 0 or 1 where all is well. */
        long net(ParticipantCommand command) throws Exception;
    }

    /** A kind of command; {@code data} makes its JSON for a key. */
    private record Ask(String place, String type, UnaryOperator<String> data) {
        ParticipantCommand command(String key, String id, String undone) {
            return new ParticipantCommand(
                    place,
                    type,
                    id,
                    undone,
                    "contract/" + key,
                    key,
                    data.apply(key).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The contract of a participant whose effects a ledger tells. */
    public static ParticipantContract of(Participant participant, Ledger ledger) {
        var nothing = new Ask("", "", key -> "{}");
        return new ParticipantContract(participant, ledger, nothing, nothing);
    }

    /** The command that has an effect: it must succeed for a key that was never seen. */
    public ParticipantContract does(String place, String type, UnaryOperator<String> data) {
        return new ParticipantContract(participant, ledger, new Ask(place, type, data), undoes);
    }

    /** The command that undoes it. */
    public ParticipantContract undoneBy(String place, String type, UnaryOperator<String> data) {
        return new ParticipantContract(participant, ledger, does, new Ask(place, type, data));
    }

    public Stream<DynamicTest> tests() {
        return Stream.of(
                dynamicTest("a repeated command has one effect and gets the same reply", this::repeats),
                dynamicTest("a command that comes several times at once has one effect", this::repeatsAtOnce),
                dynamicTest("another command has an effect of its own", this::tellsCommandsApart),
                dynamicTest("an undo takes the effect back", this::undoes),
                dynamicTest("a repeated undo gets the same reply and takes nothing else back", this::repeatsTheUndo),
                dynamicTest("a command that is repeated after its undo has no effect", this::staysUndone),
                dynamicTest("an undo of what never came succeeds", this::undoesWhatNeverCame),
                dynamicTest("a command that comes after its undo is rejected", this::refusesWhatIsUndone));
    }

    private void repeats() throws Exception {
        var exchange = new Exchange();

        var first = exchange.succeed(exchange.command);
        var second = exchange.succeed(exchange.command);

        assertSame(first, second);
        exchange.assertNet(1);
    }

    private void repeatsAtOnce() throws Exception {
        var exchange = new Exchange();
        var threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            var asking = new ArrayList<Callable<ParticipantReply>>();
            for (int i = 0; i < AT_ONCE; i++) {
                asking.add(() -> participant.ask(exchange.command));
            }
            var answers = new ArrayList<Future<ParticipantReply>>(threads.invokeAll(asking, 60, TimeUnit.SECONDS));
            assertThat(answers).as("asked at once").hasSize(AT_ONCE).allMatch(Future::isDone);
        } finally {
            threads.shutdownNow();
        }

        exchange.succeed(exchange.command); // some of those at once may have had no clear answer
        exchange.assertNet(1);
    }

    private void tellsCommandsApart() throws Exception {
        var one = new Exchange();
        var other = new Exchange();

        one.succeed(one.command);
        other.succeed(other.command);
        one.succeed(one.undo);

        one.assertNet(0);
        other.assertNet(1);
    }

    private void undoes() throws Exception {
        var exchange = new Exchange();

        exchange.succeed(exchange.command);
        exchange.succeed(exchange.undo);

        exchange.assertNet(0);
    }

    private void repeatsTheUndo() throws Exception {
        var exchange = new Exchange();

        exchange.succeed(exchange.command);
        var first = exchange.succeed(exchange.undo);
        var second = exchange.succeed(exchange.undo);

        assertSame(first, second);
        exchange.assertNet(0);
    }

    private void staysUndone() throws Exception {
        var exchange = new Exchange();

        exchange.succeed(exchange.command);
        exchange.succeed(exchange.undo);
        participant.ask(exchange.command); // as the first time or rejected: nobody waits for it any more

        exchange.assertNet(0);
    }

    private void undoesWhatNeverCame() throws Exception {
        var exchange = new Exchange();

        exchange.succeed(exchange.undo);

        exchange.assertNet(0);
    }

    private void refusesWhatIsUndone() throws Exception {
        var exchange = new Exchange();
        exchange.succeed(exchange.undo);

        var reply = participant.ask(exchange.command);
        var again = participant.ask(exchange.command);

        assertThat(reply.isRejection())
                .as("a rejection of %s, whose undo came first", exchange.command)
                .isTrue();
        assertSame(reply, again);
        exchange.assertNet(0);
    }

    private static void assertSame(ParticipantReply first, ParticipantReply second) {
        assertThat(second.isRejection()).as("rejected again").isEqualTo(first.isRejection());
        assertThat(second.type()).as("type of the second reply").isEqualTo(first.type());
        assertThat(new String(second.data(), StandardCharsets.UTF_8))
                .as("data of the second reply")
                .isEqualTo(new String(first.data(), StandardCharsets.UTF_8));
    }

    /** A command and its undo that nobody has seen. */
    private final class Exchange {
        private final String key = UUID.randomUUID().toString();
        private final ParticipantCommand command =
                does.command(key, UUID.randomUUID().toString(), null);
        private final ParticipantCommand undo =
                undoes.command(key, UUID.randomUUID().toString(), command.commandId());

        ParticipantReply succeed(ParticipantCommand asked) throws Exception {
            var reply = participant.ask(asked);
            assertThat(reply.isRejection())
                    .as("a success of %s, found the rejection %s", asked, reply.type())
                    .isFalse();
            return reply;
        }

        void assertNet(long expected) throws Exception {
            assertThat(ledger.net(command)).as("net effect of %s", command).isEqualTo(expected);
        }
    }
}
