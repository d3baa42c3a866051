package dev.sluice.expression;

import dev.sluice.log.Failure;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A {@code where} that outlives what it cannot judge: an event or row it fails on does not match, and that is kept to be told.
 * Safe for any thread.
 */
public final class LenientFilter<T> implements Predicate<T> {
    private final Predicate<T> where;
    private final Function<T, String> name;
    private final AtomicLong failures = new AtomicLong();
    private volatile String lastFailure = "";

    /** @param name of a candidate, for messages */
    public LenientFilter(Predicate<T> where, Function<T, String> name) {
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
    public long failures() {
        return failures.get();
    }

    /** What to tell who has heard of so many failures. */
    public String problem(long heard) {
        long count = failures.get() - heard;
        return "taken as not matching: " + lastFailure + (count > 1 ? " (and " + (count - 1) + " more before)" : "");
    }
}
