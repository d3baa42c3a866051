package dev.sluice.bench.mesh;

import java.time.Duration;
import java.util.Optional;

/** A circuit breaker under the scenarios: it trips on so many failures, is open for a while, and then admits {@link #TRIALS} trials. */
interface Subject extends AutoCloseable {
    Duration OPEN_FOR = Duration.ofMillis(100);
    /** The time limit of a trial, or of the half-open state, where one is set. */
    Duration TIME_LIMIT = Duration.ofMillis(150);

    int TRIALS = 3;

    /** Makes a breaker of one kind. */
    interface Kind {
        String name();

        Subject make(Trip trip, boolean hasTimeLimit, Runnable listener);
    }

    /** What trips it, as near as the library can come. */
    enum Trip {
        /** Four failures. */
        FEW_FAILURES,
        /** Half of at least 20 calls. */
        HALF_FAILING
    }

    /** How a call that was admitted ends. */
    interface Call {
        void succeed();

        void fail();

        /** It ends and says nothing about who was called; false when the library has no such end. */
        boolean exclude();
    }

    /** A call that is under way, or none when it was rejected. */
    Optional<Call> begin();

    default void pass(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** {@code CLOSED}, {@code OPEN} or {@code HALF_OPEN}. */
    String state();

    @Override
    default void close() {}
}
