package dev.sluice.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A group between its acceptance by the writer thread and the release of its answers. */
final class PendingGroup {
    final List<Task<?>> tasks = new ArrayList<>();
    final List<Block> blocks = new ArrayList<>();
    /** Rows of the side state by key, null where one goes. */
    final Map<String, byte @Nullable []> rows = new HashMap<>();
    /** Watermarks by {@link Watermarks#key}. */
    final Map<String, SourceBatch.Watermark> watermarks = new HashMap<>();

    final long number;
    final long firstOffset;
    long lastOffset;
    long recordedMicros;
    long bytes;
    /** Has something to commit. */
    boolean isFilled;
    /** What to apply after the commit; null when the commit applies it. */
    CommitLog.@Nullable Group deferred;

    /** Its rows can be read from the store. */
    volatile boolean isApplied;

    volatile boolean isSettled;
    volatile @Nullable Throwable failure;

    PendingGroup(long number, long firstOffset) {
        this.number = number;
        this.firstOffset = firstOffset;
        this.lastOffset = firstOffset - 1;
    }

    int events() {
        return (int) (lastOffset - firstOffset + 1);
    }
}
