package dev.sluice.spi;

import dev.sluice.spi.Source.RawRecord;
import java.util.concurrent.CompletionStage;

/** Writes raw records to topics of a broker: what a connector implements for the mirror of dead letters and for commands of sagas. */
public interface TopicWriter extends AutoCloseable {
    /**
     * Answers when all in-sync replicas have the record; its offset counts for nothing. Fails with EVENT_TOO_LARGE when the topic
     * never takes it, with UNAVAILABLE when it certainly does not have it and may take it later, with OUTCOME_UNKNOWN when nobody
     * knows. Who completes or cancels the answer before the record has left keeps it from being sent.
     */
    CompletionStage<Void> write(String topic, RawRecord written);

    /** Waits a little for what is under way. */
    @Override
    void close();
}
