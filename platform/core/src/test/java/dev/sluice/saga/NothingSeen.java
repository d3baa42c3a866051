package dev.sluice.saga;

import dev.sluice.saga.machine.Instance;
import dev.sluice.testing.SagaInvariants;
import java.util.Set;

/**
 * Ledgers of participants whose effects are not looked at one by one.
 *
 * @param net what they all say is in force of an instance
 * @param whole what is in force of one that has completed
 */
record NothingSeen(int net, int whole) implements SagaInvariants.Ledgers {
    @Override
    public Set<String> commandIds() {
        return Set.of();
    }

    @Override
    public int net(String instance) {
        return net;
    }

    @Override
    public int whole(Instance instance) {
        return whole;
    }
}
