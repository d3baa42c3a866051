package dev.sluice.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/**
 * Reads the {@link Index}: first the runs in memory as they are at one moment, then {@code idx} only up to the oldest of them, so
 * it never matters how far a run has come on its way to disk. Any thread; the caller holds a lease of the store and has
 * taken the visible head before.
 */
final class IndexReader {
    private final Store store;
    private final Index index;

    IndexReader(Store store, Index index) {
        this.store = store;
        this.index = index;
    }

    /** A stream's last event: the stream's id, the event's version and offset. */
    record Last(long id, long version, long offset) {}

    /** The runs at one moment and a stream's {@link StreamEnds ends} in each. */
    private record View(Run[] runs, @Nullable StreamState stream, long[] ends) {
        /** The stream's id, 0 when nothing in memory says it. */
        long id() {
            return stream == null ? 0 : stream.id;
        }
    }

    private View view(String name) {
        while (true) {
            Run[] runs = index.runs();
            StreamState stream = index.known(name);
            long[] ends = new long[runs.length];
            for (int i = 0; stream != null && i < runs.length; i++) {
                ends[i] = runs[i].ends(stream);
            }
            if (index.runs()[0] == runs[0] && (stream == null || !stream.isForgotten)) {
                return new View(runs, stream, ends);
            }
        }
    }

    /** What {@code idx} says of a stream, null when it knows nothing. */
    @Nullable
    Last lastOnDisk(String name) {
        long id = idOnDisk(IndexKeys.STREAM_NAME, name);
        if (id < 0) {
            return null;
        }
        try (var offsets = onDisk(IndexKeys.STREAM, id, Long.MAX_VALUE, false, Long.MAX_VALUE)) {
            long offset = offsets.next();
            return new Last(id, offsets.ordinal(), offset);
        }
    }

    /** The last event of a stream that is visible at {@code head}, null when there is none. */
    @Nullable
    Last last(String stream, long head) {
        try (var offsets = ofStream(stream, Long.MAX_VALUE, false, head)) {
            long offset = offsets.next();
            return offset < 0 ? null : new Last(0, offsets.ordinal(), offset);
        }
    }

    /** The version a stream had when {@code offset} was the head. */
    long versionAt(String stream, long offset, long head) {
        if (offset >= head) {
            Last last = last(stream, head);
            return last == null ? 0 : last.version;
        }
        View view = view(stream);
        for (int i = view.runs.length - 1; i >= 0; i--) {
            int place = view.runs[i].lastUpTo(view.ends[i], offset, Long.MAX_VALUE);
            if (place >= 0) {
                return view.runs[i].version(place);
            }
        }
        long low = 0;
        Last last = last(stream, view.runs[0].first() - 1);
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
        View view = view(name);
        Run[] runs = view.runs;
        int needed = isForward ? runs.length - 1 : -1;
        while (needed >= 0 && !beginsUpTo(runs[needed], view.ends[needed], fromVersion)) {
            needed--;
        }
        List<Supplier<Offsets>> parts = new ArrayList<>();
        if (needed < 0) {
            parts.add(() -> {
                long id = view.id() > 0 ? view.id() : idOnDisk(IndexKeys.STREAM_NAME, name);
                return id < 0 || id >= runs[0].first()
                        ? Offsets.NONE
                        : onDisk(IndexKeys.STREAM, id, fromVersion, isForward, bound(runs, head));
            });
        }
        for (int i = Math.max(needed, 0); i < runs.length; i++) {
            Run run = runs[i];
            long ends = view.ends[i];
            if (ends != StreamEnds.NONE) {
                parts.add(() -> new Offsets.OfStream(run, ends, fromVersion, isForward, head));
            }
        }
        return chained(parts, isForward);
    }

    private static boolean beginsUpTo(Run run, long ends, long version) {
        return ends != StreamEnds.NONE && run.firstVersion(ends) <= version;
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
        Run[] runs = index.runs();
        List<Supplier<Offsets>> parts = new ArrayList<>();
        if (!isForward || fromOffset < runs[0].first()) {
            parts.add(() -> {
                long id = idOnDisk(nameKind, name);
                return id < 0 || id >= runs[0].first()
                        ? Offsets.NONE
                        : onDisk(kind, id, fromOffset, isForward, bound(runs, head));
            });
        }
        for (Run run : runs) {
            Postings postings = kind == IndexKeys.TYPE ? run.type(name) : run.category(name);
            if (postings != null) {
                parts.add(() -> new Offsets.OfPostings(run, postings, fromOffset, isForward, head));
            }
        }
        return chained(parts, isForward);
    }

    private static Offsets chained(List<Supplier<Offsets>> parts, boolean isForward) {
        var chain = new Offsets.Chained();
        for (int i = 0; i < parts.size(); i++) {
            chain.then(parts.get(isForward ? i : parts.size() - 1 - i));
        }
        return chain;
    }

    private static long bound(Run[] runs, long head) {
        return Math.min(head, runs[0].first() - 1);
    }

    private Offsets onDisk(byte kind, long id, long from, boolean isForward, long upToOffset) {
        return new Offsets.Indexed(store.iterator(Store.Family.IDX), kind, id, from, isForward, upToOffset);
    }

    /** The id that {@code idx} gives a name, -1 for none. */
    long idOnDisk(byte kind, String name) {
        byte[] id = store.get(Store.Family.IDX, IndexKeys.name(kind, name));
        return id == null ? -1 : Bytes.getLong(id, 0);
    }

    /** Names of streams with a prefix, after a name, in order of their UTF-8, at most {@code limit}; some may not be visible yet. */
    List<String> names(String prefix, String afterName, int limit) {
        var names = new TreeMap<byte[], String>(Arrays::compareUnsigned);
        byte[] prefixKey = IndexKeys.name(IndexKeys.STREAM_NAME, prefix);
        byte[] afterKey = IndexKeys.name(IndexKeys.STREAM_NAME, afterName);
        for (StreamState stream : index.known()) {
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
                if (!Bytes.startsWith(key, prefixKey)) {
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
}
