package dev.sluice.examples;

import dev.sluice.examples.Delivery.AskCarrier;
import dev.sluice.examples.Delivery.OrderDelivered;
import dev.sluice.examples.Delivery.ParcelSeen;
import dev.sluice.examples.Orders.OrderCancelled;
import dev.sluice.examples.Shipments.Shipped;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import dev.sluice.testing.SagaFuzz;
import dev.sluice.testing.SagaScenario;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A machine is tested as a saga of steps is. */
class DeliveryTest {
    private static final Duration LATER = Duration.ofMinutes(10);

    private static SagaScenario asked() {
        return SagaScenario.of(Delivery.SAGA.definition())
                .given(new Shipped("1", "track-1"))
                .expectSend("ask", new AskCarrier("track-1"));
    }

    @Test
    void asksUntilTheParcelIsThere() {
        asked().reply(new ParcelSeen("hub", false))
                .advance(LATER)
                .expectSend("ask")
                .noReply()
                .advance(Duration.ofHours(1))
                .expectSend("ask")
                .reply(new ParcelSeen("door", true))
                .expectPublish(new OrderDelivered("1"))
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void asksAnOperatorWhatIsToBecomeOfAParcelThatDoesNotCome() {
        var parcel = asked();
        for (int asked = 1; asked < 100; asked++) {
            parcel.reply(new ParcelSeen("hub", false)).advance(LATER).expectSend("ask");
        }

        parcel.reply(new ParcelSeen("hub", false))
                .expectParked(ParkReason.ASKED)
                .operator(Verb.RETRY)
                .expectSend("ask")
                .reject("unknown-parcel")
                .expectParked(ParkReason.ASKED)
                .operator(Verb.COMPENSATE)
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void waitsForItsAnswerBeforeItIsCancelled() {
        asked().given(new OrderCancelled("1"))
                .expectStatus(Status.COMPENSATING)
                .on("ask")
                .reply(new ParcelSeen("hub", false))
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void keepsWhatEverySagaKeepsWhateverItsParticipantsDo() {
        SagaFuzz.of(Delivery.SAGA.definition())
                .event(new Shipped("1", "track-1"))
                .event(new OrderCancelled("1"))
                .reply("ask", new ParcelSeen("door", true))
                .run(System.nanoTime(), 100);
    }
}
