package dev.sluice.saga;

import static dev.sluice.saga.Fulfilment.FULFILMENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.saga.Fulfilment.Charge;
import dev.sluice.saga.Fulfilment.Charged;
import dev.sluice.saga.Fulfilment.ConfirmOrder;
import dev.sluice.saga.Fulfilment.Order;
import dev.sluice.saga.Fulfilment.OrderCancelled;
import dev.sluice.saga.Fulfilment.OrderPlaced;
import dev.sluice.saga.Fulfilment.OrderRejected;
import dev.sluice.saga.Fulfilment.Refund;
import dev.sluice.saga.Fulfilment.ReleaseStock;
import dev.sluice.saga.Fulfilment.ReserveStock;
import dev.sluice.saga.Fulfilment.Ship;
import dev.sluice.saga.Fulfilment.Shipped;
import dev.sluice.saga.Fulfilment.StockReserved;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import dev.sluice.testing.SagaFuzz;
import dev.sluice.testing.SagaScenario;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SagaTest {
    private static SagaScenario placed(long cents) {
        return SagaScenario.of(FULFILMENT.definition()).given(new OrderPlaced("o1", "s1", 2, cents));
    }

    private static SagaScenario reserved(long cents) {
        return placed(cents)
                .expectSend("reserve-stock", new ReserveStock("o1", "s1", 2))
                .to("inventory-s1")
                .reply(new StockReserved("r1"));
    }

    @Test
    void completes() {
        reserved(500)
                .expectSend("charge-payment", new Charge("o1", 500))
                .to("http:payments/charges")
                .reply("Charged", Map.of("paymentId", "p1", "unknown", true))
                .expectSend("ship", new Ship("o1", "s1", 2))
                .to("kafka:shipping-commands")
                .reply(new Shipped("t1"))
                .expectSend("confirm", new ConfirmOrder("o1", "t1"))
                .reply()
                .expectStatus(Status.COMPLETED)
                .expectState(new Order("o1", "s1", 2, 500, "r1", "p1", "t1"));
    }

    @Test
    void leavesOutWhatItsConditionExcludes() {
        reserved(0).expectSend("ship");
    }

    @Test
    void undoesWhatMayHaveHappenedWithoutAReply() {
        reserved(500)
                .expectSend("charge-payment")
                .noReply()
                .advance(Duration.ofHours(1))
                .expectUndo("charge-payment", new Refund("o1", Optional.empty()))
                .reply()
                .expectUndo("reserve-stock", new ReleaseStock("o1", "s1"))
                .reply()
                .expectPublish(new OrderRejected("o1"))
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void undoesWhatHappenedWithItsReply() {
        reserved(500)
                .expectSend("charge-payment")
                .given(new OrderCancelled("o1"))
                .reply(new Charged("p1"))
                .expectUndo("charge-payment", new Refund("o1", Optional.of("p1")))
                .to("http:payments/refunds");
    }

    @Test
    void anAggregateThatHadNothingToDoHasSucceeded() {
        placed(500)
                .expectSend("reserve-stock")
                .reply()
                .expectSend("charge-payment")
                .expectState(new Order("o1", "s1", 2, 500, null, null, null));
    }

    @Test
    void aReplyThatCannotBeReadParks() {
        placed(500).expectSend("reserve-stock").reply("StockReserved", "text").expectParked(ParkReason.POISON);
    }

    @Test
    void aStepWhoseReplyCannotBeReadIsUndoneByAnOperatorWhoTurnsBack() {
        var scenario = reserved(500)
                .expectSend("charge-payment")
                .reply("Charged", "text")
                .expectParked(ParkReason.POISON)
                .operator(Verb.RETRY)
                .expectParked(ParkReason.POISON);

        scenario.operator(Verb.COMPENSATE)
                .expectUndo("charge-payment")
                .reply()
                .expectUndo("reserve-stock")
                .reply()
                .expectPublish(new OrderRejected("o1"))
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void aReplyThatCannotBeReadGivesWayToWhatAnOperatorSaysOfItsStep() {
        reserved(500)
                .expectSend("charge-payment")
                .reply("Charged", "text")
                .operator(Verb.SKIP)
                .expectSend("ship");
        reserved(500)
                .expectSend("charge-payment")
                .reply("Charged", "text")
                .operator(Verb.RESOLVE)
                .expectSend("ship");
        reserved(500)
                .expectSend("charge-payment")
                .reply("Charged", "text")
                .operator(Verb.RETRY_FRESH)
                .expectSend("charge-payment")
                .reply(new Charged("p1"))
                .expectSend("ship");
    }

    @Test
    void holdsTheInvariants() {
        SagaFuzz.of(FULFILMENT.definition())
                .event(new OrderPlaced("o1", "s1", 2, 500))
                .event(new OrderCancelled("o1"))
                .reply("reserve-stock", new StockReserved("r1"))
                .reply("charge-payment", new Charged("p1"))
                .reply("ship", new Shipped("t1"))
                .run(new Random().nextLong(), 40);
    }

    @Test
    void waitsAndRunsBesideEachOther() {
        var saga = started()
                .parallel(p -> p.step("a", s -> s.call(Fulfilment.RESERVE, o -> new ReserveStock(o.id(), "s", 1))
                                .readOnly())
                        .sleep("pause", Duration.ofMinutes(1)))
                .await("paid", Charged.class, Charged::paymentId, (o, e) -> o.paid(e.paymentId()))
                .build();

        SagaScenario.of(saga.definition())
                .given(new OrderPlaced("o1", "s1", 2, 0))
                .expectSend("a")
                .reply(new StockReserved("r"))
                .given(new Charged("o1"))
                .expectStatus(Status.RUNNING)
                .advance(Duration.ofMinutes(1))
                .expectStatus(Status.COMPLETED)
                .expectState(new Order("o1", "s1", 2, 0, null, "o1", null));
    }

    private static Saga.Compensatable<Order> started() {
        return Saga.of("made", 1, Order.class).startOn(OrderPlaced.class, OrderPlaced::orderId, Order::from);
    }

    private static StepBuilder<Order, StockReserved> reserve(StepBuilder.Named<Order> step) {
        return step.call(Fulfilment.RESERVE, o -> new ReserveStock(o.id(), o.sku(), o.qty()));
    }

    @Test
    void refusesWhatCannotBeUndone() {
        refused(started().step("a", SagaTest::reserve), "saga made: step a: undo: found no undo");
        refused(started().pivot("a", s -> reserve(s).readOnly()), "found a PIVOT that can be undone");
    }

    @Test
    void refusesNamesThatAreTakenOrNone() {
        refused(
                started().step("a", s -> reserve(s).readOnly()).step("a", s -> reserve(s)
                        .readOnly()),
                "step a: name: found 'a' a second time");
        refused(started().step("start", s -> reserve(s).readOnly()), "expected small letters");
        refused(started(), "found 0 steps");
    }

    @Test
    void lessThanOneAtOnceIsRefused() {
        refused(started().maxRunning(0).step("a", s -> reserve(s).readOnly()), "maxRunning: found 0, expected 1 or");
    }

    private static void refused(Saga.Stage<Order, ?> saga, String problem) {
        assertThatThrownBy(saga::build).hasMessageContaining(problem);
    }

    @Test
    void theKindsOfStepsAreThoseOfTheBuilder() {
        assertThat(FULFILMENT.definition().structure().steps())
                .extracting(Step::kind)
                .containsExactly(
                        Step.Kind.COMPENSATABLE, Step.Kind.COMPENSATABLE, Step.Kind.PIVOT, Step.Kind.RETRIABLE);
    }
}
