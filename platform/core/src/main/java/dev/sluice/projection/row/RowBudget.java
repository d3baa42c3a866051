package dev.sluice.projection.row;

/**
 * The memory that the rows at hand of some tables may take together; who folds more rows gets more of it. At most half of it is for
 * rows that are not in the store yet. For the fold thread.
 */
public final class RowBudget {
    /** So that an overlay is written before it has more rows than a {@link RowTable} can tell apart. */
    private static final long MAX_UNWRITTEN_BYTES = 512 << 20;

    private final long maxBytes;
    private long bytes;

    public RowBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** For tables that are bounded by who folds them. */
    public static RowBudget none() {
        return new RowBudget(Long.MAX_VALUE);
    }

    /** Most bytes of rows that are not in the store, beside those being written. */
    public long maxUnwrittenBytes() {
        return Math.min(MAX_UNWRITTEN_BYTES, maxBytes / 2);
    }

    void add(long more) {
        bytes += more;
    }

    boolean isExceeded() {
        return bytes > maxBytes;
    }
}
