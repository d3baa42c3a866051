package dev.sluice.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Where the events of each stream begin and end in one {@link Run}, by the stream's {@link StreamState#number}. One number for
 * both, so that a reader never sees a half of it. Written by the writer thread, read by any.
 */
final class StreamEnds {
    static final long NONE = 0;

    private static final int SEGMENT_BITS = 12;
    private static final int SEGMENT = 1 << SEGMENT_BITS;
    private static final VarHandle ENDS = MethodHandles.arrayElementVarHandle(long[].class);

    private long[][] segments = new long[16][];

    /** The ends of a stream, {@link #NONE} when none of its events lies in the run. */
    long of(int stream) {
        int segment = stream >>> SEGMENT_BITS;
        long[][] known = segments;
        long[] ends = segment < known.length ? known[segment] : null;
        return ends == null ? NONE : (long) ENDS.getAcquire(ends, stream & SEGMENT - 1);
    }

    /** Place of the stream's first event in the run. */
    static int first(long ends) {
        return (int) (ends >>> 32);
    }

    /** Place of the stream's last event in the run, -1 for {@link #NONE}. */
    static int last(long ends) {
        return (int) ends - 1;
    }

    /** Moves the end of a stream to a place; where it had none, its beginning too. */
    void extend(int stream, int place) {
        long[] ends = segment(stream >>> SEGMENT_BITS);
        int slot = stream & SEGMENT - 1;
        long before = ends[slot];
        long first = before == NONE ? (long) place << 32 : before & 0xffff_ffff_0000_0000L;
        ENDS.setRelease(ends, slot, first | place + 1);
    }

    private long[] segment(int number) {
        if (number >= segments.length) {
            segments = Arrays.copyOf(segments, Math.max(number + 1, 2 * segments.length));
        }
        long[] segment = segments[number];
        if (segment == null) {
            segment = new long[SEGMENT];
            segments[number] = segment;
        }
        return segment;
    }
}
