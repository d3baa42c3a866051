package dev.sluice.projection;

import dev.sluice.log.Position;
import dev.sluice.log.RowFile;
import dev.sluice.log.RowStore;
import dev.sluice.projection.row.ByteReader;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.Cells;
import dev.sluice.projection.row.StoreKeys;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The events that a table holds back, in the order in which it met them: those it could not fold (dead letters), and those parked
 * behind one of them because they are for the same row. Staged by a batch, good with its commit. The fold thread changes it, any
 * thread may ask.
 */
final class Parking {
    static final int MAX_HELD = 100_000;

    /**
     * An event held back.
     *
     * @param number in the order of holding
     * @param keys of the rows it is for, as far as they could be told
     * @param carried what its stream had left to carry at that time
     * @param behind the dead letter it waits for, null when it is one itself
     * @param attempts how often it could not be folded
     * @param letter where its newest dead letter is, null when it has none or that is not written yet
     */
    record Held(
            long number,
            Position position,
            Set<String> keys,
            @Nullable Object[] carried,
            @Nullable Position behind,
            int attempts,
            @Nullable Position letter) {
        boolean isLetter() {
            return behind == null;
        }

        /** After it could not be folded once more. */
        Held failed() {
            return new Held(number, position, keys, carried, null, attempts + 1, null);
        }

        private Held written(Position place) {
            return new Held(number, position, keys, carried, behind, attempts, place);
        }

        private byte[] encode() {
            var out = new ByteWriter().varint(number).text(position.toString()).varint(keys.size());
            keys.forEach(out::text);
            out.text(text(behind)).varint(attempts).text(text(letter)).varint(carried.length);
            return out.raw(Cells.writeScalars(new ByteWriter(), carried)).toBytes();
        }

        private static Held decode(byte[] stored) {
            var in = new ByteReader(stored);
            long number = in.varint();
            var position = Position.parse(in.text());
            var keys = new HashSet<String>();
            for (long left = in.varint(); left > 0; left--) {
                keys.add(in.text());
            }
            var behind = position(in.text());
            int attempts = (int) in.varint();
            var letter = position(in.text());
            int values = (int) in.varint();
            return new Held(
                    number, position, Set.copyOf(keys), Cells.readScalars(in, values), behind, attempts, letter);
        }

        private static String text(@Nullable Position position) {
            return position == null ? "" : position.toString();
        }

        private static @Nullable Position position(String text) {
            return text.isEmpty() ? null : Position.parse(text);
        }
    }

    private final int viewId;
    private final TreeMap<Long, Held> held = new TreeMap<>();
    private final Map<Position, Held> byPosition = new HashMap<>();
    private final Map<String, TreeSet<Long>> numbers = new HashMap<>();
    private final Map<Long, @Nullable Held> staged = new HashMap<>();
    private final Map<Long, @Nullable Held> before = new HashMap<>();
    private Map<Long, @Nullable Held> changed = new HashMap<>();
    private final Settled settled;
    private long nextNumber = 1;
    private int letters;
    private volatile boolean isEmpty = true;

    Parking(int viewId, RowStore store) {
        this.viewId = viewId;
        settled = new Settled(viewId, store);
    }

    /** What is not in the store: events held back by number (null: held no more), ends of dead letters by event. */
    record Frozen(Map<Long, @Nullable Held> held, Map<Position, Settled.End> settled) {}

    /** Goes on with what the store has. */
    synchronized void recover(RowStore store) {
        try (var snapshot = store.snapshot();
                var scan = snapshot.scan(StoreKeys.held(viewId, 0), StoreKeys.heldTo(viewId))) {
            while (scan.next()) {
                enter(Held.decode(scan.value()));
            }
        }
    }

    boolean isEmpty() {
        return isEmpty;
    }

    /** The first event that holds a key, null when its row may change. */
    synchronized @Nullable Held blocker(String key) {
        var of = numbers.get(key);
        return of == null ? null : held.get(of.first());
    }

    /** What is held of an event, null when it is not. */
    synchronized @Nullable Held of(Position position) {
        return byPosition.get(position);
    }

    synchronized int letters() {
        return letters;
    }

    /** Where the oldest of the dead letters is that are written, null when there is none. */
    synchronized @Nullable Position oldestLetter() {
        return held.values().stream()
                .map(Held::letter)
                .filter(Objects::nonNull)
                .min(Comparator.comparingLong(Position::offset)) // all in one shard
                .orElse(null);
    }

    synchronized int parked() {
        return held.size() - letters;
    }

    /** Whether no more events may be held. */
    synchronized boolean isFull() {
        return held.size() >= MAX_HELD;
    }

    /** Holds one more event. */
    synchronized void hold(Position position, Set<String> keys, @Nullable Object[] carried, @Nullable Position behind) {
        change(null, new Held(nextNumber, position, keys, carried, behind, behind == null ? 1 : 0, null));
    }

    private void change(@Nullable Held from, @Nullable Held to) {
        if (from != null) {
            leave(from);
        }
        if (to != null) {
            enter(to);
        }
        long number = from != null ? from.number() : nextNumber - 1;
        if (!staged.containsKey(number)) {
            before.put(number, from);
        }
        staged.put(number, to);
    }

    private void enter(Held one) {
        nextNumber = Math.max(nextNumber, one.number() + 1);
        held.put(one.number(), one);
        byPosition.put(one.position(), one);
        one.keys().forEach(key -> numbers.computeIfAbsent(key, first -> new TreeSet<>())
                .add(one.number()));
        letters += one.isLetter() ? 1 : 0;
        isEmpty = false;
    }

    /** An event is a dead letter (again). */
    synchronized void failed(Held one) {
        change(one, one.failed());
    }

    /** An event that was parked is held no more. */
    synchronized void release(Held one) {
        change(one, null);
    }

    /** An event is held no more: its dead letter was retried and it was folded, or that was discarded. */
    synchronized void settle(Held one, Settled.End end) {
        change(one, null);
        settled.put(one.position(), end);
    }

    /** The dead letter of an event is in the log. Any thread. */
    synchronized void written(Position event, Position letter) {
        var one = byPosition.get(event);
        if (one == null
                || !one.isLetter()
                || one.letter() != null && one.letter().offset() >= letter.offset()) {
            return;
        }
        var now = one.written(letter);
        held.put(now.number(), now);
        byPosition.put(event, now);
        staged.computeIfPresent(now.number(), (number, was) -> now);
        changed.computeIfPresent(now.number(), (number, was) -> now);
    }

    /** What became of the dead letter of an event, null when there was none or it is open. Fold thread. */
    Settled.@Nullable End settled(Position event) {
        return settled.of(event);
    }

    private void leave(Held one) {
        held.remove(one.number());
        byPosition.remove(one.position());
        letters -= one.isLetter() ? 1 : 0;
        isEmpty = held.isEmpty();
        for (String key : one.keys()) {
            var of = numbers.get(key);
            if (of != null && of.remove(one.number()) && of.isEmpty()) {
                numbers.remove(key);
            }
        }
    }

    /** The parked events that wait for some of these keys and for nothing any more. */
    synchronized List<Held> free(Set<String> keys) {
        var free = new ArrayList<Held>();
        for (String key : keys) {
            var of = numbers.get(key);
            var first = of == null ? null : held.get(of.first());
            if (first != null && !first.isLetter() && first.keys().stream().allMatch(each -> isFirst(first, each))) {
                free.add(first);
            }
        }
        return free;
    }

    private boolean isFirst(Held one, String key) {
        var of = numbers.get(key);
        return of == null || of.first() == one.number();
    }

    synchronized void commit() {
        changed.putAll(staged);
        staged.clear();
        before.clear();
        settled.commit();
    }

    synchronized void discard() {
        before.forEach((number, was) -> {
            var now = held.get(number);
            if (now != null) {
                leave(now);
            }
            if (was != null) {
                enter(was);
            }
        });
        staged.clear();
        before.clear();
        settled.discard();
    }

    /** Takes what is not in the store to be written. */
    synchronized Frozen freeze() {
        var frozen = new Frozen(changed, settled.freeze());
        changed = new HashMap<>();
        return frozen;
    }

    /** Writes what was frozen into a file, when the dead letters of that are in the log. Any one thread. */
    void write(Frozen frozen, RowFile file) {
        frozen.held().forEach((number, one) -> {
            byte[] key = StoreKeys.held(viewId, number);
            if (one == null) {
                file.delete(key);
            } else {
                file.put(key, newest(one).encode());
            }
        });
        settled.write(frozen.settled(), file);
    }

    /** The letter may have been written after the event was frozen. */
    private synchronized Held newest(Held frozen) {
        var now = byPosition.get(frozen.position());
        return now != null && now.letter() != null && frozen.letter() == null && now.attempts() == frozen.attempts()
                ? now
                : frozen;
    }
}
