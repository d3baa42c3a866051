package dev.sluice.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** A stream's events in one {@link Run}: where the chain of them ends. Written by the writer thread, read by any. */
final class Chain {
    private static final VarHandle LAST;

    static {
        try {
            LAST = MethodHandles.lookup().findVarHandle(Chain.class, "last", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final StreamState stream;
    private final long runFirst;
    private final long firstVersion;

    /** The stream's chain in an earlier run that is still in memory. */
    private volatile @Nullable Chain previous;

    /** The stream's category in the run; given up when the run has gone to disk. */
    @Nullable
    Postings category;

    @SuppressWarnings("unused") // through LAST
    private int last = -1;

    /**
     * @param firstVersion of the stream's first event in the run
     */
    Chain(StreamState stream, long runFirst, long firstVersion, Postings category, @Nullable Chain previous) {
        this.stream = stream;
        this.runFirst = runFirst;
        this.firstVersion = firstVersion;
        this.category = category;
        this.previous = previous;
    }

    StreamState stream() {
        return stream;
    }

    /** {@link Run#first} of its run: chains outlive the memory of their run, so they do not hold it. */
    long runFirst() {
        return runFirst;
    }

    long firstVersion() {
        return firstVersion;
    }

    @Nullable
    Chain previous() {
        return previous;
    }

    /** This chain without those of runs that begin before an offset, null when it is one of them. */
    @Nullable
    Chain since(long oldestRunFirst) {
        if (runFirst < oldestRunFirst) {
            return null;
        }
        Chain before = previous;
        if (before != null) {
            Chain kept = before.since(oldestRunFirst);
            if (kept == null) {
                previous = null;
            }
        }
        return this;
    }

    /** Place of the stream's last event in the run. */
    int last() {
        return (int) LAST.getAcquire(this);
    }

    void last(int index) {
        LAST.setRelease(this, index);
    }
}
