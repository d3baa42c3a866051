package dev.sluice.saga.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.saga.Fulfilment;
import dev.sluice.saga.machine.Status;
import dev.sluice.testing.SagaScenario;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DiagramTest {
    private static final String DRAWN = """
            flowchart TD
                start(["OrderPlaced"])
                s_reserve_stock["reserve-stock<br/>ReserveStock"]
                start --> s_reserve_stock
                s_charge_payment["charge-payment<br/>Charge"]
                s_reserve_stock --> s_charge_payment
                s_ship{{"ship<br/>Ship"}}
                s_charge_payment --> s_ship
                s_confirm[["confirm<br/>ConfirmOrder"]]
                s_ship --> s_confirm
                completed(["COMPLETED"])
                s_confirm --> completed
                undo_s_charge_payment[/"undo charge-payment<br/>Refund"/]
                s_charge_payment -.-> undo_s_charge_payment
                undo_s_charge_payment -.-> undo_s_reserve_stock
                undo_s_reserve_stock[/"undo reserve-stock<br/>ReleaseStock"/]
                s_reserve_stock -.-> undo_s_reserve_stock
                undo_s_reserve_stock -.-> compensated
                compensated(["COMPENSATED"])
            """;

    @Test
    void showsTheWayForwardAndTheWayBack() {
        assertThat(Diagram.of(Fulfilment.FULFILMENT.definition().structure())).isEqualTo(DRAWN);
    }

    @Test
    void showsCounts() {
        var counts = Map.of(Status.PARKED, 3L, Status.COMPLETED, 4L, Status.FAILED, 0L);

        assertThat(Diagram.of(Fulfilment.FULFILMENT.definition().structure(), counts))
                .isEqualTo(DRAWN + "    note>\"PARKED 3 · COMPLETED 4\"] --- start\n");
    }

    @Test
    void showsThePathOfAnInstance() {
        var definition = Fulfilment.FULFILMENT.definition();
        var instance = SagaScenario.of(definition)
                .given(new Fulfilment.OrderPlaced("o1", "s1", 1, 5))
                .expectSend("reserve-stock")
                .reply(new Fulfilment.StockReserved("r"))
                .instance();

        assertThat(Diagram.of(definition.structure(), instance))
                .contains("class s_charge_payment running", "class s_reserve_stock succeeded", "Ship<br/>PENDING");
    }
}
