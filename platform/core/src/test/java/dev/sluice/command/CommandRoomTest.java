package dev.sluice.command;

import static dev.sluice.command.CommandHouse.answer;
import static dev.sluice.command.CommandHouse.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.bus.Call;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.watch.ExpectsErrors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandRoomTest {
    private static final String TEN = "{\"quantity\":10}";
    private static final String RESERVE = "{\"order\":\"o1\",\"quantity\":3}";
    private static final String TOO_MUCH = "{\"order\":\"o1\",\"quantity\":30}";

    @TempDir
    Path folder;

    private CommandHouse house;

    @BeforeEach
    void open() {
        house = CommandHouse.of(folder, Stock.aggregate().build());
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void answersWithItsEventsAndACursorThatCoversThem() {
        var answer = house.send("Receive", "stock-1", TEN);

        assertThat(answer.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(answer.version()).isEqualTo(1);
        assertThat(answer.events()).extracting(CommandAnswer.Reply::type).containsExactly("Received");
        assertThat(answer.cursor().offset(0)).isEqualTo(1);
        assertThat(house.read("stock-1")).extracting(RecordedEvent::type).containsExactly("Received");
    }

    @Test
    void decidesUponWhatWasAcceptedBefore() {
        house.send("Receive", "stock-1", TEN);

        var accepted = house.send("Reserve", "stock-1", RESERVE);
        var again = house.send("Reserve", "stock-1", RESERVE);
        var rejected = house.send("Reserve", "stock-1", "{\"order\":\"o2\",\"quantity\":8}");

        assertThat(accepted.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(again.outcome()).isEqualTo(Outcome.NOTHING);
        assertThat(rejected.outcome()).isEqualTo(Outcome.REJECTED);
        assertThat(rejected.rejection()).isNotNull();
        assertThat(rejected.rejection().code()).isEqualTo("out_of_stock");
        assertThat(rejected.rejection().details()).containsEntry("free", 7);
        assertThat(rejected.version()).isEqualTo(2);
    }

    @Test
    void seesWhatWasAppendedPastIt() {
        house.send("Receive", "stock-1", TEN);
        house.append("stock-1", "Received", "{\"quantity\":100,\"since\":\"a later version\"}");
        house.append("stock-1", "SomethingElse", "{}");

        var answer = house.send("Reserve", "stock-1", TOO_MUCH);

        assertThat(answer.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(answer.version()).isEqualTo(4);
    }

    @Test
    void givesARepetitionTheOriginalAnswer() {
        var first = house.send("Receive", "stock-1", TEN, "c1");
        house.send("Receive", "stock-1", TEN, "c2");

        var repeated = house.send("Receive", "stock-1", TEN, "c1");

        assertThat(repeated.outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(repeated.decided()).isEqualTo(Outcome.ACCEPTED);
        assertThat(repeated.version()).isEqualTo(first.version());
        assertThat(repeated.cursor()).isEqualTo(first.cursor());
        assertThat(repeated.events().get(0).data())
                .isEqualTo(first.events().get(0).data());
        assertThat(house.read("stock-1")).hasSize(2);
    }

    @Test
    void remembersRejectionsToo() {
        house.send("Reserve", "stock-1", TOO_MUCH, "c1");
        house.send("Receive", "stock-1", "{\"quantity\":100}");

        var repeated = house.send("Reserve", "stock-1", TOO_MUCH, "c1");

        assertThat(repeated.outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(repeated.decided()).isEqualTo(Outcome.REJECTED);
        assertThat(repeated.rejection()).isNotNull();
        assertThat(repeated.rejection().details()).containsEntry("free", 0);
    }

    @Test
    void remembersAfterARestart() {
        var first = house.send("Receive", "stock-1", TEN, "c1");
        answer(house.ask("Receive", ofSaga("stock-1", TEN, "c2", null)));
        house.close();
        house = CommandHouse.of(folder, Stock.aggregate().build());

        var repeated = house.send("Receive", "stock-1", TEN, "c1");
        var ofSaga = answer(house.ask("Receive", ofSaga("stock-1", TEN, "c2", null)));

        assertThat(repeated.outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(repeated.cursor()).isEqualTo(first.cursor());
        assertThat(ofSaga.outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(ofSaga.version()).isEqualTo(2);
    }

    @Test
    void refusesAnIdThatAnotherCommandHasHad() {
        house.send("Receive", "stock-1", TEN);

        var first = house.ask("Receive", request("stock-1", TEN, "c1"));
        var inFlight = house.ask("Receive", request("stock-1", "{\"quantity\":11}", "c1"));
        var same = house.ask("Receive", request("stock-1", TEN, "c1"));

        assertThat(answer(first).outcome()).isEqualTo(Outcome.ACCEPTED);
        assertRefused(house.refusal(inFlight), Failure.Kind.COMMAND_ID_REUSED, Outcome.COMMAND_ID_REUSED);
        assertThat(answer(same).outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(house.send("Receive", "stock-2", TEN, "c1").outcome()).isEqualTo(Outcome.ACCEPTED);
    }

    @Test
    void refusesAnotherVersionThanTheClientExpected() {
        house.send("Receive", "stock-1", TEN);
        var expecting = new CommandRequest(
                "stock-1", TEN.getBytes(StandardCharsets.UTF_8), "c1", Expected.version(5), null, false, null);

        var refused = house.refusal(house.ask("Receive", expecting));

        assertRefused(refused, Failure.Kind.WRONG_EXPECTED_VERSION, Outcome.CONFLICT);
        assertThat(refused.details()).containsEntry("actual", 1L);
        assertThat(house.send("Receive", "stock-1", TEN, "c1").outcome())
                .as("a refusal is not remembered")
                .isEqualTo(Outcome.ACCEPTED);
    }

    @Test
    void undoesNothingWhenTheCommandNeverCameAndRefusesItThen() {
        house.send("Receive", "stock-1", TEN);

        var undone = answer(house.ask("Release", ofSaga("stock-1", "{\"order\":\"o1\"}", "u1", "c1")));
        var late = answer(house.ask("Reserve", ofSaga("stock-1", RESERVE, "c1", null)));
        var undoneAgain = answer(house.ask("Release", ofSaga("stock-1", "{\"order\":\"o1\"}", "u1", "c1")));

        assertThat(undone.outcome()).isEqualTo(Outcome.NOTHING);
        assertThat(late.outcome()).isEqualTo(Outcome.REJECTED);
        assertThat(late.rejection()).isNotNull();
        assertThat(late.rejection().code()).isEqualTo(Rejection.VOIDED);
        assertThat(undoneAgain.outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(house.read("stock-1")).hasSize(1);
    }

    @Test
    void undoesWhatWasAcceptedAndNothingOfWhatWasRejected() {
        house.send("Receive", "stock-1", TEN);
        answer(house.ask("Reserve", ofSaga("stock-1", RESERVE, "c1", null)));
        answer(house.ask("Reserve", ofSaga("stock-1", TOO_MUCH.replace("o1", "o2"), "c2", null)));

        var undone = answer(house.ask("Release", ofSaga("stock-1", "{\"order\":\"o1\"}", "u1", "c1")));
        var undoneNothing = answer(house.ask("Release", ofSaga("stock-1", "{\"order\":\"o2\"}", "u2", "c2")));

        assertThat(undone.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(undoneNothing.outcome()).isEqualTo(Outcome.NOTHING);
        assertThat(house.read("stock-1"))
                .extracting(RecordedEvent::type)
                .containsExactly("Received", "Reserved", "Released");
    }

    @Test
    void marksEventsWithWhereTheyComeFrom() {
        String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var request = new CommandRequest(
                "stock-1", TEN.getBytes(StandardCharsets.UTF_8), "c1", Expected.ANY, null, false, "the order");

        answer(house.ask("Receive", request, Call.PLAIN.withTraceparent(parent)));

        assertThat(house.read("stock-1").get(0).attributes())
                .containsEntry("correlationid", "the order")
                .containsEntry("causationid", "c1")
                .containsEntry("traceparent", parent);
    }

    @Test
    void beginsNothingBehindTheDeadline() {
        var late = house.refusal(
                house.ask("Receive", request("stock-1", TEN, null), Call.PLAIN.attempt(1, System.nanoTime() - 1)));

        assertThat(late.kind()).isEqualTo(Failure.Kind.DEADLINE_EXCEEDED);
        assertThat(house.read("stock-1")).isEmpty();
    }

    @Test
    @ExpectsErrors("command_failed")
    void takesWhatTheCodeThrowsForABugAndForgetsIt() {
        var refused = house.refusal(house.ask("Break", request("stock-1", "{}", "c1")));
        var again = house.refusal(house.ask("Break", request("stock-1", "{}", "c1")));

        assertRefused(refused, Failure.Kind.INTERNAL, Outcome.INTERNAL);
        assertRefused(again, Failure.Kind.INTERNAL, Outcome.INTERNAL);
        assertThat(house.send("Receive", "stock-1", TEN, "c1").outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(house.metrics()
                        .get("command.outcomes")
                        .tags("type", "Break", "outcome", "internal")
                        .counter()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void refusesStreamsOfOthersAndIdsThatCannotBe() {
        assertRefused(
                house.refusal(house.ask("Receive", request("order-1", TEN, null))),
                Failure.Kind.INVALID_REQUEST,
                Outcome.INVALID);
        assertRefused(
                house.refusal(house.ask("Receive", request("stock-1", TEN, "c\n1"))),
                Failure.Kind.INVALID_REQUEST,
                Outcome.INVALID);
        assertRefused(
                house.refusal(house.ask("Release", ofSaga("stock-1", "{\"order\":\"o1\"}", "u1", "u1"))),
                Failure.Kind.INVALID_REQUEST,
                Outcome.INVALID);
    }

    @Test
    void registersEachCategoryAndEachTypeOnce() {
        assertThatThrownBy(() -> house.room().register(Stock.aggregate().build()))
                .isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.kind())
                        .isEqualTo(Failure.Kind.DEFINITION_INVALID));
        assertThat(house.room().commands())
                .extracting(CommandRoom.CommandInfo::type)
                .containsExactly("Break", "Receive", "Release", "Reserve");
    }

    private static CommandRequest ofSaga(
            String stream, String json, String id, @org.jspecify.annotations.Nullable String undoes) {
        return new CommandRequest(stream, json.getBytes(StandardCharsets.UTF_8), id, Expected.ANY, undoes, true, null);
    }

    private static void assertRefused(Failure failure, Failure.Kind kind, Outcome outcome) {
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.details()).containsEntry(Outcome.DETAIL, outcome.name());
    }
}
