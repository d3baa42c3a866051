package dev.sluice.log;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** An {@link Append} as a write: append id, then expected versions, then events. */
final class AppendWrite implements Write<Appended> {
    private final Append append;
    private final Supplier<Cursor> head;

    /**
     * @param head the visible heads
     */
    AppendWrite(Append append, Supplier<Cursor> head) {
        this.append = append;
        this.head = head;
    }

    /** The shard all streams of an append live in; refuses what no shard could accept. */
    static int shardOf(Append append, int shards, int maxAppendBytes) {
        String id = append.appendId();
        if (id != null && (id.isEmpty() || id.length() > AppendIds.MAX_CHARS || id.charAt(0) < ' ')) {
            throw Failure.of(
                    Failure.Kind.INVALID_REQUEST,
                    "found an append id of " + id.length() + " characters, expected 1 to " + AppendIds.MAX_CHARS
                            + " that do not begin with a control character");
        }
        int shard = -1;
        long bytes = 0;
        Set<String> names = append.writes().size() == 1 ? Set.of() : new HashSet<>();
        for (Append.StreamWrite write : append.writes()) {
            StreamName.check(write.stream());
            if (append.writes().size() > 1 && !names.add(write.stream())) {
                throw Failure.of(
                        Failure.Kind.INVALID_REQUEST,
                        "found stream " + write.stream() + " twice in an append, expected each stream once");
            }
            if (write.events().isEmpty()) {
                throw Failure.of(
                        Failure.Kind.INVALID_REQUEST,
                        "found no event for stream " + write.stream() + ", expected at least one");
            }
            int its = Partitioner.shardOf(write.stream(), shards);
            if (shard >= 0 && its != shard) {
                throw Failure.of(
                        Failure.Kind.CROSS_SHARD_APPEND,
                        "found streams of shards " + shard + " and " + its + " in one append (stream " + write.stream()
                                + "), expected streams of one shard");
            }
            shard = its;
            for (Event event : write.events()) {
                bytes += event.data().length;
            }
        }
        if (bytes > maxAppendBytes) {
            throw Failure.of(
                            Failure.Kind.APPEND_TOO_LARGE,
                            "found an append of " + bytes + " bytes, expected at most " + maxAppendBytes)
                    .with("bytes", bytes)
                    .with("limit", maxAppendBytes);
        }
        return shard;
    }

    @Override
    public Appended run(ShardTransaction shard) {
        var transaction = (Transaction) shard;
        String id = append.appendId();
        if (id != null) {
            Remembered known = transaction.remembered(id);
            if (known != null) {
                return repeated(known, id, transaction);
            }
        }
        long first = transaction.lastOffset() + 1;
        List<Append.StreamWrite> writes = append.writes();
        List<Appended.StreamVersions> streams;
        if (writes.size() == 1) {
            streams = List.of(write(writes.get(0), transaction));
        } else {
            List<Appended.StreamVersions> all = new ArrayList<>(writes.size());
            for (Append.StreamWrite write : writes) {
                all.add(write(write, transaction));
            }
            streams = List.copyOf(all);
        }
        long last = transaction.lastOffset();
        int count = (int) (last - first + 1);
        if (id != null) {
            transaction.remember(
                    id, new Remembered(append.digest(), first, count, transaction.nowMicros(), streams, new byte[0]));
        }
        return answer(transaction, first, count, streams, false);
    }

    private Appended.StreamVersions write(Append.StreamWrite write, Transaction transaction) {
        String stream = write.stream();
        long version = transaction.version(stream);
        if (!write.expected().isMetBy(version)) {
            throw Failure.wrongVersion(stream, write.expected(), version);
        }
        List<Event> events = write.events();
        for (int i = 0; i < events.size(); i++) {
            transaction.append(stream, events.get(i));
        }
        return new Appended.StreamVersions(stream, version + 1, version + events.size());
    }

    private Appended repeated(Remembered known, String id, Transaction transaction) {
        if (known.digest() != append.digest()) {
            throw Failure.of(
                            Failure.Kind.APPEND_ID_REUSED,
                            "found append id " + id + " used before at " + transaction.shard() + ":" + known.first()
                                    + " with other content, expected a new id or the same content")
                    .with("position", transaction.shard() + ":" + known.first());
        }
        return answer(transaction, known.first(), known.count(), known.streams(), true);
    }

    private Appended answer(
            Transaction transaction,
            long first,
            int count,
            List<Appended.StreamVersions> streams,
            boolean isDuplicate) {
        int shard = transaction.shard();
        long last = first + count - 1;
        Cursor cursor = transaction.shards() == 1 ? Cursor.of(last) : head.get().with(shard, last);
        return new Appended(new Position(shard, first), count, streams, cursor, isDuplicate);
    }
}
