package dev.sluice.examples;

import dev.sluice.examples.Orders.OrderCancelled;
import dev.sluice.examples.Shipments.Shipped;
import dev.sluice.saga.Participant;
import dev.sluice.saga.Saga;
import dev.sluice.saga.SagaMachine;
import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import java.time.Duration;
import java.util.List;

/** Asks the carrier every ten minutes whether a parcel has arrived: a loop, which is no list of steps. */
final class Delivery implements SagaMachine<Delivery.Parcel> {
    record AskCarrier(String tracking) {}

    record ParcelSeen(String place, boolean delivered) {}

    record OrderDelivered(String orderId) {}

    /** @param asking a question is under way */
    record Parcel(String orderId, String tracking, int asked, boolean asking, boolean delivered, boolean cancelled) {
        static Parcel of(Shipped shipped) {
            return new Parcel(shipped.orderId(), shipped.tracking(), 0, false, false, false);
        }

        Parcel ask() {
            return new Parcel(orderId, tracking, asked + 1, true, delivered, cancelled);
        }

        Parcel answered(boolean isThere) {
            return new Parcel(orderId, tracking, asked, false, isThere, cancelled);
        }

        Parcel cancel() {
            return new Parcel(orderId, tracking, asked, asking, delivered, true);
        }
    }

    private static final int MOST = 100;

    private static final Participant<AskCarrier, ParcelSeen> CARRIER =
            Participant.http(AskCarrier.class, "carrier", "parcels").replies(ParcelSeen.class);

    static final Saga<Parcel> SAGA = Saga.of("delivery", 1, Parcel.class)
            .startOn(Shipped.class, Shipped::orderId, Parcel::of)
            .cancelOn(OrderCancelled.class, OrderCancelled::orderId)
            .onCompleted(parcel -> "order-" + parcel.orderId(), parcel -> new OrderDelivered(parcel.orderId()))
            .machine(new Delivery())
            .sends("ask", CARRIER)
            .build();

    private Delivery() {}

    @Override
    public Parcel evolve(Parcel parcel, Happened happened) {
        if (happened instanceof Happened.CompensationAsked) {
            return parcel.cancel();
        }
        if (happened instanceof Happened.Succeeded it) {
            return parcel.answered(it.reply() instanceof ParcelSeen seen && seen.delivered());
        }
        boolean isNoAnswer = happened instanceof Happened.Rejected || happened instanceof Happened.Unknown;
        return isNoAnswer ? parcel.answered(false) : parcel.ask();
    }

    @Override
    public List<Effect> react(Parcel parcel, Happened happened) {
        if (parcel.asking()) {
            boolean isAsked = happened instanceof Happened.CompensationAsked;
            return isAsked ? List.of() : List.of(CARRIER.schedule("ask", new AskCarrier(parcel.tracking())));
        }
        if (parcel.delivered() || parcel.cancelled()) {
            return List.of(new Effect.Complete());
        }
        return List.of(
                parcel.asked() < MOST
                        ? new Effect.SetTimer("next", Duration.ofMinutes(10))
                        : new Effect.Park("not delivered after " + parcel.asked() + " questions"));
    }
}
