package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.examples.OrderFulfilment.Charge;
import dev.sluice.examples.OrderFulfilment.Charged;
import dev.sluice.examples.OrderFulfilment.Refund;
import dev.sluice.examples.Orders.ConfirmOrder;
import dev.sluice.examples.Orders.OrderCancelled;
import dev.sluice.examples.Orders.OrderRejected;
import dev.sluice.examples.Orders.OrderRequested;
import dev.sluice.examples.Shipments.Ship;
import dev.sluice.examples.Shipments.Shipped;
import dev.sluice.examples.Stock.ReleaseStock;
import dev.sluice.examples.Stock.ReserveStock;
import dev.sluice.examples.Stock.StockReserved;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.yaml.SagaFile;
import dev.sluice.testing.SagaFuzz;
import dev.sluice.testing.SagaScenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sagas are tested without a server and without waiting: an event, what is sent, what is answered, how it ends. */
class OrderFulfilmentTest {
    private static final Path IN_YAML = Path.of("../../config/samples/sagas/order-fulfilment.yaml");

    private static SagaScenario reserved() {
        return SagaScenario.of(OrderFulfilment.SAGA.definition())
                .given(new OrderRequested("1", "lamp", 2, 500))
                .expectSend("reserve-stock", new ReserveStock("1", "lamp", 2))
                .to("stock-lamp")
                .reply(new StockReserved("1", 2, "reserved-1"));
    }

    @Test
    void anOrderIsFulfilled() {
        reserved()
                .expectSend("charge-payment", new Charge("1", 500))
                .to("http:payments/charges")
                .reply(new Charged("pay-1"))
                .expectSend("ship", new Ship("1", "lamp", 2))
                .reply(new Shipped("1", "track-1"))
                .expectSend("confirm", new ConfirmOrder("1", "track-1"))
                .reply()
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void whatNobodyCarriesIsPaidBackAndPutBack() {
        reserved()
                .expectSend("charge-payment")
                .reply(new Charged("pay-1"))
                .expectSend("ship")
                .reject("Undeliverable")
                .expectUndo("charge-payment", new Refund("1", Optional.of("pay-1")))
                .reply()
                .expectUndo("reserve-stock", new ReleaseStock("1", "lamp"))
                .reply()
                .expectPublish(new OrderRejected("1"))
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void anOrderIsCancelledWhileItsPaymentIsOut() {
        reserved()
                .expectSend("charge-payment")
                .deferred(Duration.ofSeconds(1))
                .given(new OrderCancelled("1"))
                .expectUndo("charge-payment", new Refund("1", Optional.empty()))
                .reply()
                .expectUndo("reserve-stock")
                .reply()
                .expectPublish(new OrderRejected("1"))
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void keepsWhatEverySagaKeepsWhateverItsParticipantsDo() {
        SagaFuzz.of(OrderFulfilment.SAGA.definition())
                .event(new OrderRequested("1", "lamp", 2, 500))
                .event(new OrderCancelled("1"))
                .reply("reserve-stock", new StockReserved("1", 2, "reserved-1"))
                .reply("charge-payment", new Charged("pay-1"))
                .reply("ship", new Shipped("1", "track-1"))
                .run(System.nanoTime(), 100);
    }

    @Test
    void isTheOneInYaml() throws IOException {
        var written = SagaFile.read(Files.readString(IN_YAML), IN_YAML.toString());

        assertThat(written).hasSize(1);
        assertThat(withoutExpressions(written.get(0).definition().structure()))
                .isEqualTo(withoutExpressions(OrderFulfilment.SAGA.definition().structure()));
    }

    private static List<Object> withoutExpressions(Structure structure) {
        return List.of(
                structure.name(),
                structure.version(),
                structure.start(),
                structure.cancels(),
                Optional.ofNullable(structure.within()),
                structure.stages(),
                structure.publishesCompensated(),
                Map.of());
    }
}
