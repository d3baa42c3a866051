package dev.sluice.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Index entries of consecutive events in memory, before they go to disk as one sorted file ({@link RunFile}). An event's place
 * in the run is its offset minus that of the run's first; a stream's events are chained backwards through it.
 *
 * <p>The writer thread adds; any thread reads. A reader uses only places of events it knows to be visible, and those were
 * written before they became so.
 */
final class Run {
    /** What a stream costs in memory beside its name, roughly: its state, its ends, its places in maps. */
    private static final int STREAM_BYTES = 150;

    private static final int SEGMENT_BITS = 14;
    private static final int SEGMENT = 1 << SEGMENT_BITS;

    private final long first;
    /** Those that have events here; complete when the run is full. */
    private final List<StreamState> streams;

    private final StreamEnds ends = new StreamEnds();
    private final ConcurrentHashMap<String, Postings> types = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Postings> categories = new ConcurrentHashMap<>();
    private int[][] previous = new int[4][];
    private long[][] versions = new long[4][];
    private int count;
    private long streamBytes;

    /** @param expectedStreams how many streams it will about have events of */
    Run(long first, int expectedStreams) {
        this.first = first;
        streams = new ArrayList<>(expectedStreams);
    }

    /** Offset of the first event that belongs here. */
    long first() {
        return first;
    }

    /** Offset of the last event here; on the writer thread, or when the run is full. */
    long last() {
        return first + count - 1;
    }

    int count() {
        return count;
    }

    /** What the run holds in memory, roughly. */
    long memoryBytes() {
        return 20L * count + streamBytes;
    }

    @Nullable
    Postings type(String name) {
        return types.get(name);
    }

    @Nullable
    Postings category(String name) {
        return categories.get(name);
    }

    List<StreamState> streams() {
        return streams;
    }

    Collection<Postings> types() {
        return types.values();
    }

    Collection<Postings> categories() {
        return categories.values();
    }

    void putType(Postings type) {
        types.put(type.name(), type);
    }

    void putCategory(Postings category) {
        categories.put(category.name(), category);
    }

    /** Adds the next event. */
    void add(StreamState stream, Postings type, Postings category, long version) {
        int index = count++;
        int segment = index >>> SEGMENT_BITS;
        if ((index & SEGMENT - 1) == 0) {
            grow(segment);
        }
        versions[segment][index & SEGMENT - 1] = version;
        long before = ends.of(stream.number);
        previous[segment][index & SEGMENT - 1] = StreamEnds.last(before);
        ends.extend(stream.number, index);
        if (before == StreamEnds.NONE) {
            streams.add(stream);
            streamBytes += STREAM_BYTES + stream.name().length();
        }
        type.add(index);
        category.add(index);
    }

    private void grow(int segment) {
        if (segment == previous.length) {
            previous = Arrays.copyOf(previous, 2 * segment);
            versions = Arrays.copyOf(versions, 2 * segment);
        }
        previous[segment] = new int[SEGMENT];
        versions[segment] = new long[SEGMENT];
    }

    /** The place of the stream's event before the one at {@code index}, -1 for none in this run. */
    int previous(int index) {
        return previous[index >>> SEGMENT_BITS][index & SEGMENT - 1];
    }

    long version(int index) {
        return versions[index >>> SEGMENT_BITS][index & SEGMENT - 1];
    }

    /** Where a stream's events begin and end here, as {@link StreamEnds} tells it. */
    long ends(StreamState stream) {
        return ends.of(stream.number);
    }

    /** The version of a stream's first event here. */
    long firstVersion(long streamEnds) {
        return version(StreamEnds.first(streamEnds));
    }

    /** The place of the stream's last event up to an offset and a version, -1 for none in this run. */
    int lastUpTo(long streamEnds, long offset, long version) {
        int index = StreamEnds.last(streamEnds);
        while (index >= 0 && (first + index > offset || version(index) > version)) {
            index = previous(index);
        }
        return index;
    }
}
