package dev.sluice.server.live;

import dev.sluice.log.Failure;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A client's {@code where} that outlives what it cannot judge: an event or row it fails on does not match, and that is kept to
 * be told. Used by event loops and read threads at once.
 */
final class Filter<T> implements Predicate<T> {
    private final Predicate<T> where;
    private final Function<T, String> name;
    private final AtomicLong failures = new AtomicLong();
    private volatile String lastFailure = "";

    Filter(Predicate<T> where, Function<T, String> name) {
        this.where = where;
        this.name = name;
    }

    @Override
    public boolean test(T candidate) {
        try {
            return where.test(candidate);
        } catch (Failure failure) {
            lastFailure = name.apply(candidate) + ": " + failure.getMessage();
            failures.incrementAndGet();
            return false;
        }
    }

    /** How often it failed. */
    long failures() {
        return failures.get();
    }

    /** What to tell who has heard of so many failures. */
    Refused problem(long heard) {
        long count = failures.get() - heard;
        String more = count > 1 ? " (and " + (count - 1) + " more before)" : "";
        return Refused.of(Failure.Kind.EVALUATION_FAILED.code(), "taken as not matching: " + lastFailure + more);
    }
}
