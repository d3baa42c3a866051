package dev.sluice.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The streams that are known, by name. The writer thread changes it; any thread reads without a lock.
 *
 * <p>A hash table whose entries are their own chain links: a look costs a bucket and the stream itself, which is what a log of many
 * streams is bound by (each is a wait for memory). Growing links the entries anew, so a reader that has missed looks again when
 * the table has grown, or was growing, meanwhile; one that has found is right in any case. A stream that is removed keeps its link, so that readers on it
 * go on.
 */
final class StreamTable {
    private static final int MIN_BUCKETS = 1024;
    private static final VarHandle BUCKET = MethodHandles.arrayElementVarHandle(StreamState[].class);

    private volatile @Nullable StreamState[] buckets = new StreamState[MIN_BUCKETS];
    /** Odd while the table grows. */
    private volatile int growth;

    private int size;
    private int hand;
    private @Nullable StreamState[] near = {};

    @SuppressWarnings("unused") // else what is read only to have it near would not be read
    private int fetched;

    int size() {
        return size;
    }

    @Nullable
    StreamState get(String name) {
        int hash = StreamState.hash(name);
        while (true) {
            int before = growth;
            @Nullable StreamState[] now = buckets;
            StreamState stream = bucket(now, hash & now.length - 1);
            while (stream != null) {
                if (stream.hash() == hash && stream.name().equals(name)) {
                    return stream;
                }
                stream = stream.next;
            }
            if ((before & 1) == 0 && before == growth) {
                return null;
            }
            Thread.onSpinWait();
        }
    }

    /** All streams that are there for the whole time of the call, and some of the others. */
    List<StreamState> all() {
        while (true) {
            int before = growth;
            @Nullable StreamState[] now = buckets;
            List<StreamState> all = new ArrayList<>();
            for (int i = 0; i < now.length; i++) {
                for (StreamState stream = bucket(now, i); stream != null; stream = stream.next) {
                    all.add(stream);
                }
            }
            if ((before & 1) == 0 && before == growth) {
                return all;
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Reads what names lead to, one step of all of them before the next: so the processor waits once for many streams, and they are near when they
     * are looked for. On the writer thread.
     */
    void fetch(int count, IntFunction<String> names) {
        @Nullable StreamState[] now = buckets;
        if (count > near.length) {
            near = new StreamState[count];
        }
        for (int i = 0; i < count; i++) {
            near[i] = now[StreamState.hash(names.apply(i)) & now.length - 1];
        }
        int read = 0;
        for (int i = 0; i < count; i++) {
            read += near[i] == null ? 0 : near[i].hash();
        }
        for (int i = 0; i < count; i++) {
            read += near[i] == null ? 0 : near[i].name().hashCode();
        }
        for (int i = 0; i < count; i++) {
            read += near[i] == null ? 0 : near[i].name().charAt(0);
        }
        fetched = read;
    }

    private static @Nullable StreamState bucket(@Nullable StreamState[] of, int number) {
        return (StreamState) BUCKET.getAcquire(of, number);
    }

    /** Adds a stream that is not there. */
    void add(StreamState stream) {
        if (2 * ++size > buckets.length) {
            grow();
        }
        link(buckets, stream);
    }

    private static void link(@Nullable StreamState[] to, StreamState stream) {
        int number = stream.hash() & to.length - 1;
        stream.next = to[number];
        BUCKET.setRelease(to, number, stream);
    }

    private void grow() {
        @Nullable StreamState[] old = buckets;
        @Nullable StreamState[] larger = new StreamState[2 * old.length];
        growth++;
        for (StreamState first : old) {
            for (StreamState stream = first; stream != null; ) {
                StreamState next = stream.next;
                link(larger, stream);
                stream = next;
            }
        }
        buckets = larger;
        growth++;
    }

    /** Goes on through the table from where it stopped the last time and removes what fits, looking at so many buckets. */
    void removeSome(int bucketCount, Predicate<StreamState> fits) {
        @Nullable StreamState[] now = buckets;
        for (int i = 0; i < bucketCount; i++) {
            hand = hand + 1 & now.length - 1;
            StreamState before = null;
            for (StreamState stream = now[hand]; stream != null; stream = stream.next) {
                if (!fits.test(stream)) {
                    before = stream;
                    continue;
                }
                size--;
                if (before == null) {
                    BUCKET.setRelease(now, hand, stream.next);
                } else {
                    before.next = stream.next;
                }
            }
        }
    }
}
