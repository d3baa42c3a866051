package dev.sluice.log;

import java.util.List;

/**
 * A pulled, live read of one shard: catches up from disk, then goes on from the groups as they are committed, without loss or
 * duplicate and without a buffer of its own. One caller at a time.
 */
public interface Tail {
    /**
     * The next events in order, empty when the reader is at the head; reads the disk (blocking) unless {@link #isRecent}.
     *
     * @param maxEvents an upper bound; fewer may come although more are there
     */
    List<RecordedEvent> poll(int maxEvents);

    /** Whether the next poll is served from memory or is empty, so that it never touches the disk. */
    boolean isRecent();

    /** Offset of the last event polled, where the tail began before that. */
    long offset();

    /**
     * Runs {@code signal} once when there is something to poll: at once, on this thread, if there is already; else on a thread
     * of the log, which it must not hold. A new call replaces a signal that has not run; null takes it back.
     */
    void onReady(@org.jspecify.annotations.Nullable Runnable signal);
}
