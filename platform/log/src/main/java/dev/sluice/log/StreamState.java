package dev.sluice.log;

import org.jspecify.annotations.Nullable;

/** What the {@link Index} keeps in memory of a stream. Belongs to the writer thread; others read its name, id and number. */
final class StreamState {
    static final long UNRESOLVED = -1;

    private final String name;
    private final int hash;

    /** The next of its bucket in the {@link StreamTable}. */
    volatile @Nullable StreamState next;

    /** The category, as the same object for as many streams as possible: comparing it then touches no further memory. */
    private @Nullable String category;

    /**
     * Offset of the stream's first event, 0 as long as it has none. {@link #UNRESOLVED} after recovery until its run goes to
     * disk: a start need not look up every stream of the tail.
     */
    volatile long id;

    /** Its place in the {@link StreamEnds} of every run; another stream's once this one {@link #isForgotten}. */
    int number;

    /** No longer known; set before its number is given to another stream. */
    volatile boolean isForgotten;

    /** The version of its last event, accepted or committed; 0 for none. */
    long version;

    /** The offset of the last event that was added to a run, 0 for none. */
    long lastOffset;

    /** The write that uses {@link #stagedVersion}. */
    long stagedBy;

    long stagedVersion;

    StreamState(String name, long id, long version) {
        this.name = name;
        this.hash = hash(name);
        this.id = id;
        this.version = version;
    }

    static int hash(String name) {
        int hash = name.hashCode();
        return hash ^ hash >>> 16;
    }

    String name() {
        return name;
    }

    int hash() {
        return hash;
    }

    String category() {
        String known = category;
        if (known == null) {
            known = StreamName.category(name);
            category = known;
        }
        return known;
    }

    /** Replaces the category by an equal one. */
    void share(String equalCategory) {
        if (category != equalCategory) {
            category = equalCategory;
        }
    }
}
