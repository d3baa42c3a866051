package dev.sluice.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link SourceBatch} as a write. */
final class SourceWrite implements Write<SourceBatch.Ingested> {
    /** So many streams are brought near the processor together. */
    private static final int AHEAD = 128;

    private final SourceBatch batch;
    private @Nullable ParkedKeys parked;

    SourceWrite(SourceBatch batch) {
        this.batch = batch;
    }

    @Override
    public SourceBatch.Ingested run(ShardTransaction shard) {
        var transaction = (Transaction) shard;
        String key = Watermarks.key(batch.source(), batch.topic(), batch.partition());
        long stored = stored(transaction.watermark(key));
        if (batch.next() <= stored) {
            return new SourceBatch.Ingested(
                    transaction.lastOffset(), 0, 0, batch.records().size());
        }
        if (stored >= 0 && batch.from() > stored && !batch.lossAccepted()) {
            throw Failure.of(
                    Failure.Kind.SOURCE_GAP,
                    "found records of " + place() + " from offset " + batch.from() + ", expected them from " + stored);
        }
        String letters = SourceBatch.deadLetterStream(
                batch.source(), batch.partition(), transaction.shard(), transaction.shards());
        int appended = 0;
        int refused = 0;
        int skipped = 0;
        List<SourceBatch.SourceEvent> records = batch.records();
        for (int i = 0; i < records.size(); i++) {
            if (i % AHEAD == 0) {
                int from = i;
                transaction.fetch(Math.min(AHEAD, records.size() - i), ahead -> records.get(from + ahead).stream());
            }
            SourceBatch.SourceEvent event = records.get(i);
            if (event.sourceOffset() < stored) {
                skipped++;
            } else if (append(event, letters, transaction)) {
                appended++;
            } else {
                refused++;
            }
        }
        if (parked != null) {
            parked.store(transaction);
        }
        transaction.watermark(key, new SourceBatch.Watermark(batch.clusterId(), batch.topicId(), batch.next()));
        return new SourceBatch.Ingested(transaction.lastOffset(), appended, refused, skipped);
    }

    /** The stored offset that counts for this batch, -1 for none. */
    private long stored(SourceBatch.@Nullable Watermark watermark) {
        if (watermark == null) {
            return -1;
        }
        if (!watermark.clusterId().equals(batch.clusterId())
                || !watermark.topicId().equals(batch.topicId())) {
            if (batch.lossAccepted()) {
                return -1;
            }
            throw Failure.of(
                    Failure.Kind.SOURCE_CHANGED,
                    "found cluster " + batch.clusterId() + ", topic id " + batch.topicId() + " behind " + place()
                            + ", expected cluster " + watermark.clusterId() + ", topic id " + watermark.topicId());
        }
        return watermark.next();
    }

    /** Whether the record was appended; a dead letter was otherwise. */
    private boolean append(SourceBatch.SourceEvent event, String letters, Transaction transaction) {
        SourceBatch.Ordered ordered = event.ordered();
        if (ordered == null) {
            return appended(event, letters, transaction);
        }
        ParkedKeys keys = parked(transaction);
        ParkedKeys.Place place = keys.get(ordered.key());
        if (place != null) {
            Event waiting = ordered.parked().apply(new Position(transaction.shard(), place.head()));
            keys.put(ordered.key(), place.until(transaction.append(letters, waiting)));
            return false;
        }
        if (appended(event, letters, transaction)) {
            return true;
        }
        keys.put(ordered.key(), ParkedKeys.Place.headedBy(transaction.lastOffset()));
        return false;
    }

    private ParkedKeys parked(Transaction transaction) {
        ParkedKeys keys = parked;
        if (keys == null) {
            keys = ParkedKeys.of(batch.source(), batch.topic(), batch.partition(), transaction);
            parked = keys;
        }
        return keys;
    }

    /** Appends one record, or its dead letter when the shard refuses it; whether it was no dead letter. */
    static boolean appended(SourceBatch.SourceEvent event, String letters, Transaction transaction) {
        SourceBatch.DeadLetterFactory deadLetter = event.onConflict();
        try {
            if (deadLetter != null && !event.expected().equals(Expected.ANY)) {
                long version = transaction.version(event.stream());
                if (!event.expected().isMetBy(version)) {
                    throw Failure.wrongVersion(event.stream(), event.expected(), version);
                }
            }
            transaction.append(event.stream(), event.event());
            return !event.stream().equals(letters);
        } catch (Failure reason) {
            if (deadLetter == null) {
                throw reason;
            }
            transaction.append(letters, deadLetter.refused(reason));
            return false;
        }
    }

    private String place() {
        return "source " + batch.source() + ", partition " + batch.topic() + "-" + batch.partition();
    }
}
