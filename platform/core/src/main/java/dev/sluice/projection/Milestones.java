package dev.sluice.projection;

import dev.sluice.log.Position;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a generation stood when. A mark is a tenth of a second in which it moved; when there are {@value #MOST}, every two
 * become one, so what is long ago is told less exactly. For the fold thread.
 */
final class Milestones {
    static final int MOST = 512;
    private static final long MARK_MICROS = TimeUnit.MILLISECONDS.toMicros(100);
    private static final long RECENT_MICROS = TimeUnit.SECONDS.toMicros(10);

    private List<Mark> marks = new ArrayList<>();

    /** It came to {@code offsets} within the time. */
    private record Mark(long fromMicros, long toMicros, long[] offsets) {}

    /** @param offsets at which it stands: it came there before */
    Milestones(long[] offsets, long nowMicros) {
        marks.add(new Mark(0, nowMicros, offsets));
    }

    /** It has moved. */
    void note(long[] offsets, long nowMicros) {
        var last = marks.get(marks.size() - 1);
        if (Arrays.equals(offsets, last.offsets())) {
            return;
        }
        if (marks.size() > 1 && nowMicros - last.fromMicros() < MARK_MICROS) {
            marks.set(marks.size() - 1, new Mark(last.fromMicros(), Math.max(last.toMicros(), nowMicros), offsets));
            return;
        }
        if (marks.size() == MOST) {
            thin();
        }
        marks.add(new Mark(nowMicros, nowMicros, offsets));
    }

    private void thin() {
        var fewer = new ArrayList<Mark>(MOST);
        fewer.add(marks.get(0));
        for (int i = 1; i < marks.size(); i += 2) {
            var last = marks.get(Math.min(i + 1, marks.size() - 1));
            fewer.add(new Mark(marks.get(i).fromMicros(), last.toMicros(), last.offsets()));
        }
        marks = fewer;
    }

    /** When it came to an event, null when it has not yet. */
    Explanation.@Nullable Reached reached(Position event, long recordedMicros) {
        int low = 0;
        int high = marks.size();
        while (low < high) {
            int middle = (low + high) / 2;
            if (marks.get(middle).offsets()[event.shard()] < event.offset()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == marks.size()) {
            return null;
        }
        var mark = marks.get(low);
        return new Explanation.Reached(
                Math.min(mark.toMicros(), Math.max(mark.fromMicros(), recordedMicros)), mark.toMicros());
    }

    /** About how long until it comes to an event, as fast as it was in the last 10 s; −1 when it did not move. */
    long millisUntil(Position event, long nowMicros) {
        var newest = marks.get(marks.size() - 1);
        var base = marks.get(0);
        for (int i = marks.size() - 1; i > 0 && marks.get(i).toMicros() >= nowMicros - RECENT_MICROS; i--) {
            base = marks.get(i - 1);
        }
        long sinceMicros = Math.max(base.toMicros(), nowMicros - RECENT_MICROS);
        long moved = newest.toMicros() < nowMicros - RECENT_MICROS
                ? 0
                : newest.offsets()[event.shard()] - base.offsets()[event.shard()];
        long left = event.offset() - newest.offsets()[event.shard()];
        double millis = Math.max(1, nowMicros - sinceMicros) / 1e3;
        return moved <= 0 ? -1 : Math.max(1, Math.round(left * millis / moved));
    }
}
