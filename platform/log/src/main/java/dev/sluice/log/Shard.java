package dev.sluice.log;

import java.util.concurrent.CompletionStage;

/** A unit of order, ownership and storage: one RocksDB, one writer thread. All methods may be called from any thread. */
public final class Shard {
    Shard() {}

    public int number() {
        throw new UnsupportedOperationException();
    }

    /**
     * Runs a write on the writer thread and answers after its commit. Fails with the write's own Failure, OVERLOADED (queue
     * full), UNAVAILABLE (stopped) or OUTCOME_UNKNOWN (the commit failed in between). Completed on the log's threads: do not
     * block there.
     */
    public <T> CompletionStage<T> submit(Write<T> write) {
        throw new UnsupportedOperationException();
    }

    /** Applies a source batch by the exactly-once rule of {@link SourceBatch}. */
    public CompletionStage<SourceBatch.Ingested> ingest(SourceBatch batch) {
        throw new UnsupportedOperationException();
    }

    /** What is stored for a source partition; null when nothing is. */
    public SourceBatch.@org.jspecify.annotations.Nullable Watermark watermark(
            String source, String topic, int partition) {
        throw new UnsupportedOperationException();
    }

    /** The offset of the last visible event, 0 for none. */
    public long head() {
        throw new UnsupportedOperationException();
    }

    /** The offset before the first event recorded at or after a time; blocking. */
    public long offsetBefore(long recordedMicros) {
        throw new UnsupportedOperationException();
    }

    /** A live read from after {@code offset}. */
    public Tail tail(long offset) {
        throw new UnsupportedOperationException();
    }

    /** Not stopped by a failed commit or lost ownership. */
    public boolean isHealthy() {
        throw new UnsupportedOperationException();
    }

    /** Stream states in name order. */
    public java.util.List<StreamInfo> streams(String prefix, String afterName, int limit) {
        throw new UnsupportedOperationException();
    }
}
