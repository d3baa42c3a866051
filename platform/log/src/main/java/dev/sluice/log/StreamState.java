package dev.sluice.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** What a {@link Run} knows of one stream. Written by the writer thread; others read {@link #last} alone. */
final class StreamState {
    static final long UNRESOLVED = -1;

    private static final VarHandle LAST;

    static {
        try {
            LAST = MethodHandles.lookup().findVarHandle(StreamState.class, "last", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final String name;

    /**
     * Offset of the stream's first event, 0 as long as it has none. {@link #UNRESOLVED} after recovery until the run goes to
     * disk: a start need not look up every stream of the tail.
     */
    long id;
    /** The version of its last event, accepted or committed; 0 for none. */
    long version;
    /** The version of its first event in the run. */
    long firstVersion;
    /** Its category in the run, null before its first event there. */
    @Nullable
    Postings category;

    /** The write that uses {@link #stagedVersion}. */
    long stagedBy;

    long stagedVersion;

    @SuppressWarnings("unused") // through LAST
    private int last = -1;

    StreamState(String name, long id, long version) {
        this.name = name;
        this.id = id;
        this.version = version;
    }

    String name() {
        return name;
    }

    /** Place of the stream's last event in the run, -1 for none. */
    int last() {
        return (int) LAST.getAcquire(this);
    }

    void last(int index) {
        LAST.setRelease(this, index);
    }
}
