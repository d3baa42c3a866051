package dev.sluice.log;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * The index of one shard: where the events of a stream, a type, a category lie. This is the part that writes it;
 * {@link IndexReader} reads it.
 *
 * <p>It is a fold of the log. New entries gather in a {@link Run} in memory; a full run, once all of it is committed, is
 * sorted on the index thread and taken into {@code idx} as one file, atomically, together with the offset up to which the log
 * is indexed. After a crash the entries from there on are read from the log again. The runs not yet on disk and the last one
 * that is stay in memory.
 *
 * <p>Beside the runs, the streams used last stay known, so that an append seldom looks into {@code idx}. A stream is forgotten
 * only when none of its events lies in a run in memory; a reader that sees the oldest run unchanged after it has looked a stream
 * up has therefore missed nothing.
 */
final class Index implements AutoCloseable {
    static final int RUN_EVENTS = 1 << 19;

    private static final long RUN_BYTES = 24L << 20;
    private static final int MAX_WAITING_RUNS = 2;
    private static final int MIN_EVENTS_AT_CLOSE = 20_000;
    static final int KNOWN_STREAMS = 200_000;
    private static final int FORGET_AT_ONCE = 4096;

    private final Store store;
    private final LongSupplier visibleHead;
    private final int runEvents;
    private final int knownStreams;
    private final IndexReader reader;
    private final ExecutorService files;
    private final Deque<Run> full = new ArrayDeque<>();
    private final Deque<CompletableFuture<Void>> writing = new ArrayDeque<>();
    private final StreamTable known = new StreamTable();
    private volatile Run[] runs;
    private Run current;
    private @Nullable Postings lastType;
    private @Nullable Postings lastCategory;
    private int numbers;
    private int[] freeNumbers = new int[64];
    private int freeCount;

    /**
     * @param visibleHead offset of the last committed event
     * @param seams how large a run is, how many streams stay known
     */
    Index(int shard, Store store, LongSupplier visibleHead, Shard.Seams seams) {
        this.store = store;
        this.visibleHead = visibleHead;
        this.runEvents = seams.runEvents();
        this.knownStreams = seams.knownStreams();
        this.reader = new IndexReader(store, this);
        byte[] indexed = store.get(Store.Family.IDX, IndexKeys.indexed());
        current = new Run(indexed == null ? 1 : Bytes.getLong(indexed, 0) + 1, 0);
        runs = new Run[] {current};
        files = Executors.newSingleThreadExecutor(task -> {
            var thread = new Thread(task, "sluice-log-index-" + shard);
            thread.setDaemon(true);
            return thread;
        });
    }

    IndexReader reader() {
        return reader;
    }

    /** Offset of the first event that is not indexed yet; at opening, before anything was added. */
    long recoverFrom() {
        return current.first();
    }

    /** The runs in memory, oldest first; everything before the oldest is in {@code idx}. */
    Run[] runs() {
        return runs;
    }

    /** A stream that is known without looking into {@code idx}. */
    @Nullable
    StreamState known(String name) {
        return known.get(name);
    }

    List<StreamState> known() {
        return known.all();
    }

    /** The state of a stream, null when the stream has no event. On the writer thread, as all that follows. */
    @Nullable
    StreamState stream(String name) {
        StreamState state = known.get(name);
        if (state != null || runs[0].first() == 1) {
            return state;
        }
        IndexReader.Last last = reader.lastOnDisk(name);
        if (last == null) {
            return null;
        }
        state = new StreamState(name, last.id(), last.version());
        know(state);
        return state;
    }

    /** Streams that {@link #stream} will be asked for soon. */
    void fetch(int count, IntFunction<String> names) {
        known.fetch(count, names);
    }

    private void know(StreamState stream) {
        stream.number = freeCount > 0 ? freeNumbers[--freeCount] : numbers++;
        known.add(stream);
    }

    /** Adds the next event of a stream. */
    void add(StreamState stream, String type, long offset, long version) {
        if (stream.id == 0) {
            stream.id = offset;
            know(stream);
        }
        Postings category = lastCategory;
        if (category == null || !category.name().equals(stream.category())) {
            category = category(stream.category(), offset);
            lastCategory = category;
        }
        stream.share(category.name());
        Postings typed = lastType;
        if (typed == null || !typed.name().equals(type)) {
            typed = type(type, offset);
            lastType = typed;
        }
        current.add(stream, typed, category, version);
        stream.version = version;
        stream.lastOffset = offset;
    }

    private Postings category(String name, long offset) {
        Postings found = current.category(name);
        if (found == null) {
            found = new Postings(name, id(IndexKeys.CATEGORY_NAME, name, offset));
            current.putCategory(found);
        }
        return found;
    }

    private Postings type(String name, long offset) {
        Postings found = current.type(name);
        if (found == null) {
            found = new Postings(name, id(IndexKeys.TYPE_NAME, name, offset));
            current.putType(found);
        }
        return found;
    }

    private long id(byte kind, String name, long ifNew) {
        for (Run run : runs) {
            Postings found = kind == IndexKeys.TYPE_NAME ? run.type(name) : run.category(name);
            if (found != null) {
                return found.id();
            }
        }
        long id = reader.idOnDisk(kind, name);
        return id < 0 ? ifNew : id;
    }

    /** Called between groups: begins a new run when the current one is full, hands full and committed ones to their thread. */
    void betweenGroups() {
        boolean isFull = isFilled(1);
        if (isFilled(2) && full.size() + writing.size() >= MAX_WAITING_RUNS) {
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
        if (known.size() > knownStreams) {
            forgetSome();
        }
    }

    private boolean isFilled(int times) {
        return current.count() >= times * runEvents || current.memoryBytes() >= times * RUN_BYTES;
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
        lastCategory = null;
        more[runs.length] = current;
        runs = more;
    }

    private void forgetSome() {
        long oldest = runs[0].first();
        known.removeSome(FORGET_AT_ONCE, stream -> {
            boolean isForgotten = stream.lastOffset < oldest;
            if (isForgotten) {
                stream.isForgotten = true;
                free(stream.number);
            }
            return isForgotten;
        });
    }

    private void free(int number) {
        if (freeCount == freeNumbers.length) {
            freeNumbers = Arrays.copyOf(freeNumbers, 2 * freeCount);
        }
        freeNumbers[freeCount++] = number;
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

    private void resolve(Run run) {
        for (StreamState stream : run.streams()) {
            if (stream.id == StreamState.UNRESOLVED) {
                long id = reader.idOnDisk(IndexKeys.STREAM_NAME, stream.name());
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
        StreamState stream = known.get(name);
        if (stream == null && event.version() == 1) {
            stream = new StreamState(name, 0, 0);
        } else if (stream == null) {
            stream = new StreamState(name, StreamState.UNRESOLVED, event.version() - 1);
            know(stream);
        }
        if (event.version() != stream.version + 1) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found version " + event.version() + " of stream " + name + " at " + event.position()
                            + ", expected " + (stream.version + 1) + ": restore the shard from a backup");
        }
        add(stream, event.type(), event.offset(), event.version());
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
}
