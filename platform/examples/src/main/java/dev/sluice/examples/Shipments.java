package dev.sluice.examples;

import dev.sluice.command.Aggregate;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;

/** Shipments of orders: what has left does not come back. */
final class Shipments implements Decider<Shipments.Ship, Shipments.Shipped, Boolean> {
    record Ship(String orderId, String sku, int qty) {}

    record Shipped(String orderId, String tracking) {}

    static final Aggregate<Ship, Shipped, Boolean> AGGREGATE = Aggregate.of("shipment", new Shipments())
            .command(Ship.class)
            .event(Shipped.class)
            .build();

    private static final String TOO_HEAVY = "piano";

    @Override
    public Boolean initial() {
        return false;
    }

    @Override
    public Boolean evolve(Boolean hasLeft, Shipped event) {
        return true;
    }

    @Override
    public Decision<Shipped> decide(Ship command, Boolean hasLeft) {
        if (hasLeft) {
            return Decision.nothing();
        }
        return command.sku().equals(TOO_HEAVY)
                ? Decision.reject("Undeliverable", "nobody carries a " + command.sku())
                : Decision.accept(new Shipped(command.orderId(), "track-" + command.orderId()));
    }

    @Override
    public boolean isTerminal(Boolean hasLeft) {
        return hasLeft;
    }
}
