package dev.sluice.projection.row;

import java.util.ArrayList;
import java.util.List;

/**
 * What a view remembers of unclean stops: the change number that each new epoch began from. A token of an older epoch may name
 * changes that were lost; it is good up to the smallest beginning since. Immutable.
 *
 * @param floor tokens of epochs below it are too old to be judged
 * @param starts ascending by epoch and by change: a beginning at or below an earlier one replaces it
 */
public record Epochs(int floor, List<Start> starts) {
    public static final Epochs NONE = new Epochs(0, List.of());
    private static final int MAX_STARTS = 64;

    /** An epoch and the change number it began from. */
    record Start(int epoch, long change) {}

    public Epochs began(int epoch, long change) {
        var kept = new ArrayList<>(starts);
        kept.removeIf(start -> start.change() >= change);
        kept.add(new Start(epoch, change));
        int newFloor = floor;
        while (kept.size() > MAX_STARTS) {
            newFloor = kept.remove(0).epoch();
        }
        return new Epochs(newFloor, List.copyOf(kept));
    }

    /** The change number up to which a token is good; −1 when it is too old to tell. */
    public long clamp(int epoch, long change) {
        if (epoch < floor) {
            return -1;
        }
        for (var start : starts) {
            if (start.epoch() > epoch) {
                return Math.min(change, start.change());
            }
        }
        return change;
    }

    void write(ByteWriter out) {
        out.varint(floor).varint(starts.size());
        for (var start : starts) {
            out.varint(start.epoch()).varint(start.change());
        }
    }

    static Epochs read(ByteReader in) {
        int floor = (int) in.varint();
        int count = (int) in.varint();
        var starts = new ArrayList<Start>();
        for (int i = 0; i < count; i++) {
            int epoch = (int) in.varint();
            starts.add(new Start(epoch, in.varint()));
        }
        return new Epochs(floor, List.copyOf(starts));
    }
}
