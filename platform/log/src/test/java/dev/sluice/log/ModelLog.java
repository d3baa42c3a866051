package dev.sluice.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The log as a list: what {@link LogModelTest} compares the real one with. Decides one write after the other. */
final class ModelLog {
    /** An event of the model at its offset (its place in the list + 1). */
    record Entry(String stream, long version, Event event) {}

    /** The answer to an append: the place of its events, or the kind of failure. */
    record Outcome(Failure.@Nullable Kind refusal, long first, int count, boolean isDuplicate) {}

    private record Known(long digest, Outcome outcome) {}

    final List<List<Entry>> shards = new ArrayList<>();
    private final List<Map<String, Known>> appendIds = new ArrayList<>();
    private final Map<String, Long> watermarks = new HashMap<>();

    ModelLog(int count) {
        for (int i = 0; i < count; i++) {
            shards.add(new ArrayList<>());
            appendIds.add(new HashMap<>());
        }
    }

    long version(String stream) {
        return shards.get(Partitioner.shardOf(stream, shards.size())).stream()
                .filter(entry -> entry.stream.equals(stream))
                .count();
    }

    Outcome append(Append append) {
        int shard = Partitioner.shardOf(append.writes().get(0).stream(), shards.size());
        Known known = append.appendId() == null ? null : appendIds.get(shard).get(append.appendId());
        if (known != null) {
            return known.digest != append.digest()
                    ? new Outcome(Failure.Kind.APPEND_ID_REUSED, 0, 0, false)
                    : new Outcome(null, known.outcome.first, known.outcome.count, true);
        }
        for (Append.StreamWrite write : append.writes()) {
            if (!write.expected().isMetBy(version(write.stream()))) {
                return new Outcome(Failure.Kind.WRONG_EXPECTED_VERSION, 0, 0, false);
            }
        }
        int before = shards.get(shard).size();
        for (Append.StreamWrite write : append.writes()) {
            write.events().forEach(event -> add(write.stream(), event));
        }
        var outcome = new Outcome(null, before + 1, shards.get(shard).size() - before, false);
        if (append.appendId() != null) {
            appendIds.get(shard).put(append.appendId(), new Known(append.digest(), outcome));
        }
        return outcome;
    }

    SourceBatch.@Nullable Ingested ingest(int shard, SourceBatch batch) {
        String key = shard + "/" + batch.topic() + "/" + batch.partition();
        Long stored = watermarks.get(key);
        if (stored != null && batch.next() <= stored) {
            return new SourceBatch.Ingested(0, 0, 0, batch.records().size());
        }
        if (stored != null && batch.from() > stored) {
            return null;
        }
        int appended = 0;
        int refused = 0;
        int skipped = 0;
        for (SourceBatch.SourceEvent record : batch.records()) {
            if (stored != null && record.sourceOffset() < stored) {
                skipped++;
            } else if (record.onConflict() != null && !record.expected().isMetBy(version(record.stream()))) {
                refused++;
                add(
                        SourceBatch.deadLetterStream(batch.source(), batch.partition(), shard, shards.size()),
                        record.onConflict().refused(Failure.wrongVersion(record.stream(), record.expected(), 0)));
            } else {
                appended++;
                add(record.stream(), record.event());
            }
        }
        watermarks.put(key, batch.next());
        return new SourceBatch.Ingested(0, appended, refused, skipped);
    }

    @Nullable
    Long watermark(int shard, String topic, int partition) {
        return watermarks.get(shard + "/" + topic + "/" + partition);
    }

    private void add(String stream, Event event) {
        long version = version(stream) + 1;
        shards.get(Partitioner.shardOf(stream, shards.size())).add(new Entry(stream, version, event));
    }
}
