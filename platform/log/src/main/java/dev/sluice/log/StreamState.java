package dev.sluice.log;

import org.jspecify.annotations.Nullable;

/** What the {@link Index} keeps in memory of a stream. Belongs to the writer thread; others read its name, id and chains. */
final class StreamState {
    static final long UNRESOLVED = -1;

    private final String name;

    /**
     * Offset of the stream's first event, 0 as long as it has none. {@link #UNRESOLVED} after recovery until its run goes to
     * disk: a start need not look up every stream of the tail.
     */
    volatile long id;

    /** The version of its last event, accepted or committed; 0 for none. */
    long version;

    /** The newest of its chains, null when none of its events lies in a run. */
    volatile @Nullable Chain chain;

    /** The write that uses {@link #stagedVersion}. */
    long stagedBy;

    long stagedVersion;

    StreamState(String name, long id, long version) {
        this.name = name;
        this.id = id;
        this.version = version;
    }

    String name() {
        return name;
    }
}
