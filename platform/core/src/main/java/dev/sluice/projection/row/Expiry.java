package dev.sluice.projection.row;

import dev.sluice.log.RowFile;
import dev.sluice.log.RowStore;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Which keys of a table are due when: rows to be deleted, tombstones to be forgotten. Time is the recorded time of what was
 * folded, so folding again does the same. What was noted since the last freeze is in memory, all else in the store. An entry may be
 * out of date: whoever takes a key looks at its row. For the fold thread.
 */
public final class Expiry {
    private static final int READ_AHEAD = 1_000;
    private static final int ENTRY_BYTES = 80;

    private final int viewId;
    private final RowStore store;
    private TreeMap<Long, List<String>> noted = new TreeMap<>();
    private TreeMap<Long, List<String>> beingWritten = new TreeMap<>();
    private final List<byte[]> taken = new ArrayList<>();
    private byte[] scanFrom;
    private long weight;
    private long nextStored;

    /** @param isEmpty whether the store has nothing of the view yet */
    public Expiry(int viewId, RowStore store, boolean isEmpty) {
        this.viewId = viewId;
        this.store = store;
        scanFrom = StoreKeys.due(viewId, 0, "");
        nextStored = isEmpty ? Long.MAX_VALUE : 0;
    }

    public void note(long dueMicros, String key) {
        noted.computeIfAbsent(Math.max(0, dueMicros), first -> new ArrayList<>(1))
                .add(key);
        weight += ENTRY_BYTES + key.length();
    }

    /** About how much memory is taken by what is not in the store. */
    public long weight() {
        return weight;
    }

    /** Whether {@link #take} has keys for this moment. */
    public boolean isDue(long nowMicros) {
        return nextStored < nowMicros || isDue(noted, nowMicros) || isDue(beingWritten, nowMicros);
    }

    private static boolean isDue(TreeMap<Long, List<String>> some, long nowMicros) {
        return !some.isEmpty() && some.firstKey() < nowMicros;
    }

    /** Takes keys whose time was before a moment, the oldest first as far as they are in one place; at most {@code limit}. */
    public List<String> take(long nowMicros, int limit) {
        var keys = new ArrayList<String>();
        if (nextStored < nowMicros) {
            takeStored(nowMicros, Math.min(limit, READ_AHEAD), keys); // first: it may fail
        }
        take(noted, nowMicros, limit, keys);
        take(beingWritten, nowMicros, limit, keys);
        return keys;
    }

    private static void take(TreeMap<Long, List<String>> from, long nowMicros, int limit, List<String> keys) {
        while (keys.size() < limit && isDue(from, nowMicros)) {
            var first = from.firstEntry().getValue();
            var some = first.subList(Math.max(0, first.size() - (limit - keys.size())), first.size());
            keys.addAll(some);
            some.clear();
            if (first.isEmpty()) {
                from.pollFirstEntry();
            }
        }
    }

    private void takeStored(long nowMicros, int limit, List<String> keys) {
        try (var snapshot = store.snapshot();
                var scan = snapshot.scan(scanFrom, StoreKeys.duesTo(viewId))) {
            var found = new ArrayList<byte[]>();
            byte[] next = null;
            while (next == null && scan.next()) {
                byte[] stored = scan.key();
                if (found.size() == limit || StoreKeys.timeOfDue(stored) >= nowMicros) {
                    next = stored;
                } else {
                    found.add(stored);
                }
            }
            found.forEach(stored -> keys.add(StoreKeys.keyOfDue(stored)));
            taken.addAll(found);
            nextStored = next == null ? Long.MAX_VALUE : StoreKeys.timeOfDue(next);
            scanFrom = next == null ? StoreKeys.duesTo(viewId) : next;
        }
    }

    /** A key and when it is due. */
    record Due(long micros, String key) {}

    /** What was noted and what was taken since the last freeze. */
    public record Frozen(List<Due> noted, List<byte[]> taken) {}

    public Frozen freeze() {
        var written = new ArrayList<Due>();
        noted.forEach((due, keys) -> keys.forEach(key -> written.add(new Due(due, key))));
        var frozen = new Frozen(written, List.copyOf(taken));
        beingWritten = noted;
        noted = new TreeMap<>();
        taken.clear();
        weight = 0;
        return frozen;
    }

    /** What was frozen is in the store. */
    public void thaw(Frozen frozen) {
        beingWritten = new TreeMap<>();
        if (!frozen.noted().isEmpty() || !frozen.taken().isEmpty()) {
            scanFrom = StoreKeys.due(viewId, 0, "");
            nextStored = first();
        }
    }

    private long first() {
        try (var snapshot = store.snapshot();
                var scan = snapshot.scan(scanFrom, StoreKeys.duesTo(viewId))) {
            return scan.next() ? StoreKeys.timeOfDue(scan.key()) : Long.MAX_VALUE;
        }
    }

    /** Writes what was frozen into a file. Any one thread. */
    public static void write(int viewId, Frozen frozen, RowFile file) {
        frozen.taken().forEach(file::delete);
        byte[] nothing = {};
        frozen.noted().forEach(due -> file.put(StoreKeys.due(viewId, due.micros(), due.key()), nothing));
    }
}
