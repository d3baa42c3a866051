package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.command.CommandAnswer;
import dev.sluice.command.CommandRequest;
import dev.sluice.command.Rejection;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Outcome;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What sagas ask of aggregates and make of their answers. */
class AggregatesTest {
    @TempDir
    Path folder;

    private final List<CommandRequest> asked = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private SagaHouse house;

    @BeforeEach
    void open() {
        house = new SagaHouse(folder, 1).start();
    }

    @AfterEach
    void close() {
        house.close();
    }

    private Outcome send(Function<CommandRequest, Future<CommandAnswer>> aggregate) {
        house.mesh()
                .consumer(Addresses.command("Reserve"), CommandRequest.class, (CommandRequest request, Call call) -> {
                    asked.add(request);
                    calls.add(call);
                    return aggregate.apply(request);
                });
        var dispatch = new Dispatch(
                "fulfilment",
                "k1",
                1,
                "reserve",
                1,
                Direction.UNDO,
                0,
                "c2",
                "c1",
                "stock-7",
                "Reserve",
                JsonNodeFactory.instance.objectNode().put("count", 2),
                5_000,
                "corr");
        return SagaHouse.answer(new Participants(house.events(), house.mesh(), () -> 0).send(dispatch));
    }

    private static CommandAnswer answer(List<CommandAnswer.Reply> events, Rejection rejection) {
        var decided = rejection == null ? dev.sluice.command.Outcome.ACCEPTED : dev.sluice.command.Outcome.REJECTED;
        return new CommandAnswer(decided, false, "stock-7", 1, Cursor.start(1), events, rejection);
    }

    @Test
    void sendsTheStreamTheIdsAndTheDeadline() {
        send(request -> Future.succeededFuture(answer(List.of(), null)));

        var request = asked.get(0);
        assertThat(request.stream()).isEqualTo("stock-7");
        assertThat(request.commandId()).isEqualTo("c2");
        assertThat(request.undoes()).isEqualTo("c1");
        assertThat(request.isOfSaga()).isTrue();
        assertThat(request.correlation()).isEqualTo("corr");
        assertThat(new String(request.data(), StandardCharsets.UTF_8)).isEqualTo("{\"count\":2}");
        assertThat(calls.get(0).hasDeadline()).isTrue();
        assertThat(calls.get(0).idempotencyKey()).isEqualTo("c2");
    }

    @Test
    void takesTheFirstEventForTheReply() {
        var first = new CommandAnswer.Reply("Reserved", "{\"id\":5}".getBytes(StandardCharsets.UTF_8));
        var second = new CommandAnswer.Reply("Other", "{}".getBytes(StandardCharsets.UTF_8));

        var outcome = send(request -> Future.succeededFuture(answer(List.of(first, second), null)));

        assertThat(outcome)
                .isEqualTo(new Outcome.Succeeded(
                        "Reserved", JsonNodeFactory.instance.objectNode().put("id", 5)));
    }

    @Test
    void takesARejectionForOne() {
        var outcome = send(request ->
                Future.succeededFuture(answer(List.of(), new Rejection("out_of_stock", "none left", Map.of()))));

        assertThat(outcome).isEqualTo(new Outcome.Rejected("out_of_stock", "none left"));
    }

    @Test
    void takesAnInvalidCommandForOneThatHadNoEffect() {
        var outcome = send(request -> Future.failedFuture(
                Failure.of(Failure.Kind.INVALID_REQUEST, "no").with("outcome", "INVALID")));

        assertThat(outcome).isEqualTo(new Outcome.Rejected("INVALID", "no"));
    }

    @Test
    void defersWhatTheMeshDidNotLetThrough() {
        var outcome = send(request -> Future.failedFuture(
                Failure.of(Failure.Kind.CIRCUIT_OPEN, "open").with("retryAfterMillis", 700L)));

        assertThat(outcome).isEqualTo(new Outcome.Deferred("CIRCUIT_OPEN: open", 700));
    }

    @Test
    void knowsNothingAfterAnyOtherFailure() {
        var outcome = send(request -> Future.failedFuture(new IllegalStateException("bug")));

        assertThat(outcome).isInstanceOf(Outcome.Unknown.class);
    }
}
