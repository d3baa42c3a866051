package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.projection.ViewDelta;
import dev.sluice.projection.row.Row;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What changes in the rows that some subscriptions of one event loop want alike. It gathers the newest state of each row that has
 * changed, and hands them on as one {@link Block}, encoded once for all. Blocks are as far apart as the subscriptions ask for, and
 * a few times as far as it takes to send one: so many subscribers, or slow sockets, get fewer and fuller frames.
 *
 * <p>It keeps the rows changed after {@link #since}: who stands there or later misses nothing. Rows are let go after each block,
 * unless a member is reading what it missed and will want them; and when there are too many.
 */
final class Feed {
    private static final int SLICE = 200;
    private static final int MAX_ROWS = 4_096;
    private static final int RESTS = 4;
    private static final long MAX_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Hub hub;
    private final Key key;
    private final RowSelector selector;
    private final int chunkBytes;
    private final Set<Member> members = new LinkedHashSet<>();

    /** In the order of their last changes. */
    private final Map<String, Pending> rows = new LinkedHashMap<>();

    private long bytes;
    private long since;
    private long flushed;
    private long newest;
    private int commits;
    private boolean isWaiting;
    private boolean isSending;
    private long flushNanos;
    private long restNanos;

    /** What makes two subscriptions want the same. */
    record Key(RowSelector.Wanted wanted, long minIntervalMillis) {}

    /** The newest state of a row: null when it is not wanted any more. */
    private record Pending(@Nullable Row row, long change) {
        long weight() {
            return row == null ? 0 : row.weight();
        }
    }

    /**
     * What became of rows after a change number, encoded.
     *
     * @param generation that change numbers are of
     * @param from nothing is missing for who stands there or later, before {@code first}
     * @param first the change number of the first change in it
     * @param to the change number that it leads to, {@code cursor} likewise
     * @param commits merged into it
     * @param dueNanos when it began to go out to all
     */
    record Block(
            int generation,
            long from,
            long first,
            long to,
            Cursor cursor,
            List<Chunk> chunks,
            int rows,
            int commits,
            long atMicros,
            long dueNanos) {}

    /** Who hears of changes. */
    interface Member {
        void hear(Block block);

        /** Whether it is reading what it missed, and will want what changes meanwhile. */
        boolean isCatchingUp();

        /** Changes went by that are not known, or another generation is live: what it is told next may not follow on. */
        void lost();
    }

    Feed(Hub hub, Key key, RowSelector selector, int chunkBytes) {
        this.hub = hub;
        this.key = key;
        this.selector = selector;
        this.chunkBytes = chunkBytes;
        since = hub.heard();
        flushed = since;
        newest = since;
        flushNanos = hub.nanos() - intervalNanos();
    }

    private long intervalNanos() {
        return TimeUnit.MILLISECONDS.toNanos(key.minIntervalMillis());
    }

    Key key() {
        return key;
    }

    RowSelector selector() {
        return selector;
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    void join(Member member) {
        members.add(member);
    }

    void leave(Member member) {
        if (members.remove(member)) {
            hub.left(this);
        }
    }

    /** Where the rows at hand begin. */
    long since() {
        return since;
    }

    /** Whether somebody who stands at a change number of a generation misses nothing from now on. */
    boolean covers(int generation, long change) {
        return generation == hub.generation() && change >= since;
    }

    /** When the last block began to go out. */
    long sentNanos() {
        return flushNanos;
    }

    /** Where the last block led to. */
    long flushed() {
        return flushed;
    }

    /** The change number of the last commit heard of, {@link #cursor} likewise. */
    long heard() {
        return hub.heard();
    }

    Cursor cursor() {
        return hub.cursor();
    }

    /** Whether nothing of what was heard since a change number is for its members. */
    boolean isQuiet(int generation, long change) {
        return covers(generation, change) && change >= newest;
    }

    /** Nothing is known of what happened before a change number. */
    void restart(long change) {
        clear();
        since = change;
        flushed = change;
        newest = change;
        List.copyOf(members).forEach(Member::lost);
    }

    private void clear() {
        rows.clear();
        hub.hold(-bytes);
        bytes = 0;
        commits = 0;
    }

    /** Takes a change of a row in; false when it is none for its members. */
    boolean offer(ViewDelta.Change change, long number) {
        boolean isWanted = selector.matches(change.key(), change.after());
        if (!isWanted && !selector.matches(change.key(), change.before())) {
            return false;
        }
        var next = new Pending(isWanted ? change.after() : null, number);
        var before = rows.remove(change.key());
        rows.put(change.key(), next);
        long more = next.weight() - (before == null ? 0 : before.weight());
        bytes += more;
        hub.hold(more);
        commits += newest == number ? 0 : 1;
        newest = number;
        if (rows.size() > MAX_ROWS || hub.isFull()) {
            clear();
            since = number;
        }
        return true;
    }

    /** When the next block may go out. */
    long dueNanos() {
        return flushNanos + Math.max(intervalNanos(), restNanos);
    }

    /** Whether something is to be told, and nobody is about to. */
    boolean isDue() {
        return newest > flushed && !isWaiting && !isSending;
    }

    /** Whether a block goes out soon, so that who wants no more than one frame in an interval waits for it. */
    boolean isWaiting() {
        return isWaiting;
    }

    void isWaiting(boolean waits) {
        isWaiting = waits;
    }

    /** Tells all members what changed since the last block. */
    void flush() {
        isSending = true;
        flushNanos = hub.nanos();
        var block = after(flushed);
        flushed = block.to();
        commits = 0;
        send(block, members.toArray(Member[]::new), 0, 0);
    }

    /** A slice at a time: others of the event loop have their turn between two. */
    private void send(Block block, Member[] to, int from, long spentNanos) {
        long beginNanos = hub.nanos();
        int end = Math.min(to.length, from + SLICE);
        for (int i = from; i < end; i++) {
            if (members.contains(to[i])) {
                to[i].hear(block);
            }
        }
        long spent = spentNanos + hub.nanos() - beginNanos;
        if (end < to.length) {
            hub.later(() -> send(block, to, end, spent));
            return;
        }
        restNanos = hub.nanos() - flushNanos + Math.min(MAX_REST_NANOS, RESTS * spent);
        isSending = false;
        if (block.to() <= flushed) {
            forget(block.to()); // else another generation has begun meanwhile
        }
        hub.schedule(this);
    }

    private void forget(long change) {
        if (rows.size() < MAX_ROWS / 2 && members.stream().anyMatch(Member::isCatchingUp)) {
            return;
        }
        for (Iterator<Pending> each = rows.values().iterator(); each.hasNext(); ) {
            var row = each.next();
            if (row.change() > change) {
                break;
            }
            each.remove();
            bytes -= row.weight();
            hub.hold(-row.weight());
        }
        since = Math.max(since, change);
    }

    /** What changed after a change number that it {@link #covers}, up to what was heard. */
    Block after(long change) {
        var writer = Chunk.Writer.ofDelta(chunkBytes);
        long first = Long.MAX_VALUE;
        for (var entry : rows.entrySet()) {
            var pending = entry.getValue();
            if (pending.change() <= change) {
                continue;
            }
            first = Math.min(first, pending.change());
            if (pending.row() == null) {
                writer.del(entry.getKey());
            } else {
                writer.set(entry.getKey(), selector.json(pending.row()));
            }
        }
        var chunks = writer.chunks();
        int count = chunks.stream().mapToInt(Chunk::rows).sum();
        return new Block(
                hub.generation(),
                change,
                first,
                hub.heard(),
                hub.cursor(),
                chunks,
                count,
                commits,
                hub.atMicros(),
                flushNanos);
    }
}
