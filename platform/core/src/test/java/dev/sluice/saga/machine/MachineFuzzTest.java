package dev.sluice.saga.machine;

import dev.sluice.testing.SagaFuzz;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random sagas in a world of faults. */
class MachineFuzzTest {
    @Test
    void whateverHappensTheInvariantsHold() {
        long seed = Long.getLong("saga.seed", new Random().nextLong());
        int sagas = Integer.getInteger("saga.count", 150);
        for (long each = seed; each < seed + sagas; each++) {
            try {
                SagaFuzz.run(Made.random(new Random(each)), each, 5);
            } catch (AssertionError broken) {
                throw new AssertionError("-Dsaga.seed=" + each + " -Dsaga.count=1: " + broken.getMessage(), broken);
            }
        }
    }
}
