package dev.sluice.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * The index of one shard: where the events of a stream, a type, a category lie.
 *
 * <p>It is a fold of the log. New entries gather in a {@link Run} in memory; a full run, once all of it is committed, is
 * sorted on the index thread and taken into {@code idx} as one file, atomically, together with the offset up to which the log
 * is indexed. After a crash the entries from there on are read from the log again. The runs not yet on disk and the last one
 * that is stay in memory: the last one as a cache for the writer. A reader takes the runs first and then reads {@code idx}
 * only up to them, so it never matters how far a file has come.
 */
final class Index implements AutoCloseable {
    static final int RUN_EVENTS = 1 << 18;
    private static final long RUN_BYTES = 24L << 20;
    private static final int MAX_WAITING_RUNS = 2;
    private static final int MIN_EVENTS_AT_CLOSE = 20_000;

    private final Store store;
    private final LongSupplier visibleHead;
    private final int runEvents;
    private final ExecutorService files;
    private final Deque<Run> full = new ArrayDeque<>();
    private final Deque<CompletableFuture<Void>> writing = new ArrayDeque<>();
    private volatile Run[] runs;
    private Run current;
    private @Nullable Postings lastType;

    /**
     * @param visibleHead offset of the last committed event
     * @param runEvents entries of a run
     */
    Index(int shard, Store store, LongSupplier visibleHead, int runEvents) {
        this.store = store;
        this.visibleHead = visibleHead;
        this.runEvents = runEvents;
        byte[] indexed = store.get(Store.Family.IDX, IndexKeys.indexed());
        current = new Run(indexed == null ? 1 : Bytes.getLong(indexed, 0) + 1, 0);
        runs = new Run[] {current};
        files = Executors.newSingleThreadExecutor(task -> {
            var thread = new Thread(task, "sluice-log-index-" + shard);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Offset of the first event that is not indexed yet; at opening, before anything was added. */
    long recoverFrom() {
        return current.first();
    }

    // ---- the writer thread's part

    /** The state of a stream in the current run, null when the stream has no event. */
    @Nullable
    StreamState stream(String name) {
        StreamState known = current.stream(name);
        return known != null ? known : adopt(name);
    }

    private @Nullable StreamState adopt(String name) {
        StreamState adopted = adoptFromRuns(name);
        if (adopted == null && runs[0].first() == 1) {
            return null;
        }
        if (adopted == null) {
            byte[] id = store.get(Store.Family.IDX, IndexKeys.name(IndexKeys.STREAM_NAME, name));
            if (id == null) {
                return null;
            }
            long stream = Bytes.getLong(id, 0);
            try (var indexed = indexed(IndexKeys.STREAM, stream, Long.MAX_VALUE, false, Long.MAX_VALUE)) {
                indexed.next();
                adopted = new StreamState(name, stream, indexed.ordinal());
            }
        }
        current.put(adopted);
        return adopted;
    }

    private @Nullable StreamState adoptFromRuns(String name) {
        Run[] all = runs;
        for (int i = all.length - 2; i >= 0; i--) {
            StreamState before = all[i].stream(name);
            if (before != null) {
                return new StreamState(name, before.id, before.version);
            }
        }
        return null;
    }

    /** Adds the next event of a stream; {@code stream} is of this run or new. */
    void add(StreamState stream, String type, long offset, long version) {
        if (stream.id == 0) {
            stream.id = offset;
            current.put(stream);
        }
        Postings category = stream.category;
        if (category == null) {
            category = category(StreamName.category(stream.name()), offset);
            stream.category = category;
        }
        Postings typed = lastType;
        if (typed == null || !typed.name().equals(type)) {
            typed = type(type, offset);
            lastType = typed;
        }
        current.add(stream, typed, category, version);
    }

    private Postings category(String name, long offset) {
        Postings known = current.category(name);
        if (known == null) {
            known = new Postings(name, id(IndexKeys.CATEGORY_NAME, name, offset));
            current.putCategory(known);
        }
        return known;
    }

    private Postings type(String name, long offset) {
        Postings known = current.type(name);
        if (known == null) {
            known = new Postings(name, id(IndexKeys.TYPE_NAME, name, offset));
            current.putType(known);
        }
        return known;
    }

    private long id(byte kind, String name, long ifNew) {
        long id = idOf(kind, name);
        return id < 0 ? ifNew : id;
    }

    /** Called between groups: begins a new run when the current one is full, hands full and committed ones to their thread. */
    void betweenGroups() {
        boolean isFull = current.count() >= runEvents || current.memoryBytes() >= RUN_BYTES && current.count() > 0;
        if (isFull && full.size() + writing.size() >= MAX_WAITING_RUNS && current.count() >= 2 * runEvents) {
            writing.forEach(CompletableFuture::join);
        }
        while (!writing.isEmpty() && writing.peekFirst().isDone()) {
            join(writing.removeFirst());
        }
        if (isFull && full.size() + writing.size() < MAX_WAITING_RUNS) {
            full.addLast(current);
            begin(current.last() + 1);
        }
        while (!full.isEmpty() && full.peekFirst().last() <= visibleHead.getAsLong()) {
            Run run = full.removeFirst();
            writing.addLast(CompletableFuture.runAsync(() -> toDisk(run), files));
        }
    }

    private static void join(CompletableFuture<Void> written) {
        try {
            written.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        }
    }

    private synchronized void begin(long first) {
        Run[] more = Arrays.copyOf(runs, runs.length + 1);
        current = new Run(first, current.streams().size());
        lastType = null;
        more[runs.length] = current;
        runs = more;
    }

    private void toDisk(Run run) {
        resolve(run);
        try {
            store.ingest(Store.Family.IDX, new RunFile(run));
        } catch (RocksDBException failed) {
            throw Store.failure("write index entries", failed);
        } catch (IOException failed) {
            throw Failure.of(Failure.Kind.UNAVAILABLE, "the disk failed to write index entries: " + failed);
        }
        forgetBefore(run);
    }

    private synchronized void forgetBefore(Run run) {
        int keep = 0;
        while (runs[keep] != run) {
            keep++;
        }
        runs = Arrays.copyOfRange(runs, keep, runs.length);
    }

    /** Adds an event read from the log again. */
    void recover(RecordedEvent event) {
        String name = event.stream();
        StreamState stream = current.stream(name);
        if (stream == null) {
            stream = event.version() == 1 ? new StreamState(name, 0, 0) : adoptUnresolved(name, event.version() - 1);
        }
        if (event.version() != stream.version + 1) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found version " + event.version() + " of stream " + name + " at " + event.position()
                            + ", expected " + (stream.version + 1) + ": restore the shard from a backup");
        }
        add(stream, event.type(), event.offset(), event.version());
    }

    private StreamState adoptUnresolved(String name, long version) {
        StreamState adopted = adoptFromRuns(name);
        if (adopted == null) {
            adopted = new StreamState(name, StreamState.UNRESOLVED, version);
        }
        current.put(adopted);
        return adopted;
    }

    private void resolve(Run run) {
        for (StreamState stream : run.streams()) {
            if (stream.id == StreamState.UNRESOLVED) {
                long id = idOnDisk(IndexKeys.STREAM_NAME, stream.name());
                if (id < 0) {
                    throw Failure.of(
                            Failure.Kind.CORRUPT,
                            "found stream " + stream.name() + " in the log without its beginning in the index, expected"
                                    + " both: restore the shard from a backup");
                }
                stream.id = id;
            }
        }
    }

    /** Finishes what is being written and, when there is much of it, the current run too; the writer thread has ended. */
    @Override
    public void close() {
        files.shutdown();
        try {
            while (!files.awaitTermination(1, TimeUnit.MINUTES)) {}
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return;
        }
        if (current.last() > visibleHead.getAsLong()
                || writing.stream().anyMatch(CompletableFuture::isCompletedExceptionally)) {
            return;
        }
        full.forEach(this::toDisk);
        if (current.count() >= MIN_EVENTS_AT_CLOSE) {
            toDisk(current);
        }
    }

    // ---- any thread's part; the caller holds a lease of the store

    /** The version and offset of a stream's last event up to an offset. */
    record Last(long version, long offset) {}

    /** The last event of a stream that is visible at {@code head}, null when there is none. */
    @Nullable
    Last last(String stream, long head) {
        try (var offsets = ofStream(stream, Long.MAX_VALUE, false, head)) {
            long offset = offsets.next();
            return offset < 0 ? null : new Last(offsets.ordinal(), offset);
        }
    }

    /** The version a stream had when {@code offset} was the head. */
    long versionAt(String stream, long offset, long head) {
        if (offset >= head) {
            Last last = last(stream, head);
            return last == null ? 0 : last.version;
        }
        Run[] all = runs;
        for (int i = all.length - 1; i >= 0; i--) {
            StreamState state = all[i].stream(stream);
            int index = state == null ? -1 : all[i].lastUpTo(state, offset, Long.MAX_VALUE);
            if (index >= 0) {
                return all[i].version(index);
            }
        }
        long low = 0;
        Last last = last(stream, all[0].first() - 1);
        long high = last == null ? 0 : last.version;
        while (low < high) {
            long middle = low + high + 1 >>> 1;
            try (var offsets = ofStream(stream, middle, true, head)) {
                if (offsets.next() <= offset) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
        }
        return low;
    }

    /** A stream's events from a version on, or down from it. */
    Offsets ofStream(String name, long fromVersion, boolean isForward, long head) {
        Run[] all = runs;
        var chain = new Offsets.Chained();
        int needed = 0;
        long id = -1;
        for (int i = all.length - 1; i >= 0; i--) {
            StreamState stream = all[i].stream(name);
            if (stream != null && stream.id > 0) {
                id = stream.id;
            }
            if (isForward && stream != null && stream.last() >= 0 && stream.firstVersion <= fromVersion) {
                needed = i;
                break;
            }
            needed = -1;
        }
        long knownId = id;
        var parts = new ArrayList<java.util.function.Supplier<Offsets>>();
        if (needed < 0) {
            parts.add(() -> {
                long stream = knownId > 0 ? knownId : idOnDisk(IndexKeys.STREAM_NAME, name);
                return stream < 0 || stream >= all[0].first()
                        ? Offsets.NONE
                        : indexed(IndexKeys.STREAM, stream, fromVersion, isForward, bound(all, head));
            });
        }
        for (int i = Math.max(needed, 0); i < all.length; i++) {
            Run run = all[i];
            StreamState stream = run.stream(name);
            if (stream != null) {
                parts.add(() -> new Offsets.OfStream(run, stream, fromVersion, isForward, head));
            }
        }
        return chained(chain, parts, isForward);
    }

    /** The events of a type from an offset on, or down from it. */
    Offsets ofType(String name, long fromOffset, boolean isForward, long head) {
        return ofPostings(IndexKeys.TYPE, IndexKeys.TYPE_NAME, name, fromOffset, isForward, head);
    }

    /** The events of a category from an offset on, or down from it. */
    Offsets ofCategory(String name, long fromOffset, boolean isForward, long head) {
        return ofPostings(IndexKeys.CATEGORY, IndexKeys.CATEGORY_NAME, name, fromOffset, isForward, head);
    }

    private Offsets ofPostings(byte kind, byte nameKind, String name, long fromOffset, boolean isForward, long head) {
        Run[] all = runs;
        var parts = new ArrayList<java.util.function.Supplier<Offsets>>();
        if (!isForward || fromOffset < all[0].first()) {
            parts.add(() -> {
                long id = idOnDisk(nameKind, name);
                return id < 0 || id >= all[0].first()
                        ? Offsets.NONE
                        : indexed(kind, id, fromOffset, isForward, bound(all, head));
            });
        }
        for (Run run : all) {
            Postings postings = kind == IndexKeys.TYPE ? run.type(name) : run.category(name);
            if (postings != null) {
                parts.add(() -> new Offsets.OfPostings(run, postings, fromOffset, isForward, head));
            }
        }
        return chained(new Offsets.Chained(), parts, isForward);
    }

    private static Offsets chained(
            Offsets.Chained chain, List<java.util.function.Supplier<Offsets>> parts, boolean isForward) {
        for (int i = 0; i < parts.size(); i++) {
            chain.then(parts.get(isForward ? i : parts.size() - 1 - i));
        }
        return chain;
    }

    private static long bound(Run[] all, long head) {
        return Math.min(head, all[0].first() - 1);
    }

    private Offsets indexed(byte kind, long id, long from, boolean isForward, long upToOffset) {
        return new Offsets.Indexed(store.iterator(Store.Family.IDX), kind, id, from, isForward, upToOffset);
    }

    private long idOf(byte kind, String name) {
        for (Run run : runs) {
            Postings known = kind == IndexKeys.TYPE_NAME ? run.type(name) : run.category(name);
            if (known != null) {
                return known.id();
            }
        }
        return idOnDisk(kind, name);
    }

    private long idOnDisk(byte kind, String name) {
        byte[] id = store.get(Store.Family.IDX, IndexKeys.name(kind, name));
        return id == null ? -1 : Bytes.getLong(id, 0);
    }

    /** Names of streams with a prefix, after a name, in order of their UTF-8, at most {@code limit}; some may not be visible yet. */
    List<String> names(String prefix, String afterName, int limit) {
        var names = new TreeMap<byte[], String>(Arrays::compareUnsigned);
        byte[] prefixKey = IndexKeys.name(IndexKeys.STREAM_NAME, prefix);
        byte[] afterKey = IndexKeys.name(IndexKeys.STREAM_NAME, afterName);
        for (Run run : runs) {
            for (StreamState stream : run.streams()) {
                if (stream.name().startsWith(prefix) && isListed(prefix, stream.name())) {
                    byte[] key = IndexKeys.name(IndexKeys.STREAM_NAME, stream.name());
                    if (Arrays.compareUnsigned(key, afterKey) > 0) {
                        names.put(key, stream.name());
                        if (names.size() > limit) {
                            names.pollLastEntry();
                        }
                    }
                }
            }
        }
        addNamesOnDisk(names, prefixKey, afterKey, prefix, limit);
        return names.values().stream().limit(limit).toList();
    }

    private void addNamesOnDisk(
            TreeMap<byte[], String> names, byte[] prefixKey, byte[] afterKey, String prefix, int limit) {
        try (RocksIterator rows = store.iterator(Store.Family.IDX)) {
            rows.seek(Arrays.compareUnsigned(prefixKey, afterKey) > 0 ? prefixKey : afterKey);
            int found = 0;
            while (rows.isValid() && found < limit) {
                byte[] key = rows.key();
                if (!startsWith(key, prefixKey)) {
                    break;
                }
                String name = new String(key, 1, key.length - 1, StandardCharsets.UTF_8);
                if (!isListed(prefix, name)) {
                    rows.seek(new byte[] {IndexKeys.STREAM_NAME, '$' + 1});
                    continue;
                }
                if (Arrays.compareUnsigned(key, afterKey) > 0) {
                    names.put(key, name);
                    found++;
                }
                rows.next();
            }
            Store.check(rows);
        }
    }

    private static boolean isListed(String prefix, String name) {
        return StreamName.isPlatform(prefix) || !StreamName.isPlatform(name);
    }

    private static boolean startsWith(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }
}
