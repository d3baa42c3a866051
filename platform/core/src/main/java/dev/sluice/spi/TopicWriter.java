package dev.sluice.spi;

import dev.sluice.spi.Source.RawRecord;
import java.util.concurrent.CompletionStage;

/** Writes raw records to topics of a broker: what a connector implements for the mirror of dead letters. */
public interface TopicWriter extends AutoCloseable {
    /**
     * Answers when all in-sync replicas have the record; its offset counts for nothing. Fails with EVENT_TOO_LARGE when the topic
     * never takes it, with UNAVAILABLE when it may later.
     */
    CompletionStage<Void> write(String topic, RawRecord letter);

    /** Waits a little for what is under way. */
    @Override
    void close();
}
