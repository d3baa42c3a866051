package dev.sluice.projection.row;

/**
 * How far a generation has folded. Immutable; the array is not to be changed.
 *
 * @param change number of the last commit that changed a row
 * @param offsets of the last event seen, by shard
 * @param rows number of rows
 * @param lastMicros recorded time of the last event seen, 0 when there was none
 * @param purged change number up to which tombstones may have been forgotten
 */
public record Checkpoint(long change, long[] offsets, long rows, long lastMicros, long purged) {
    public static Checkpoint start(int shards) {
        return new Checkpoint(0, new long[shards], 0, 0, 0);
    }

    void write(ByteWriter out) {
        out.varint(change).varint(rows).varint(lastMicros).varint(purged).varint(offsets.length);
        for (long offset : offsets) {
            out.varint(offset);
        }
    }

    static Checkpoint read(ByteReader in) {
        long change = in.varint();
        long rows = in.varint();
        long lastMicros = in.varint();
        long purged = in.varint();
        var offsets = new long[(int) in.varint()];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = in.varint();
        }
        return new Checkpoint(change, offsets, rows, lastMicros, purged);
    }
}
