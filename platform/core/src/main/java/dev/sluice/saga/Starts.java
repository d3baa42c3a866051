package dev.sluice.saga;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sluice.log.Cursor;
import dev.sluice.log.ShardTransaction;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How often a shard was started at the same place without having been stopped in between: a crash loop, when it is often.
 *
 * @param cursors of the sources
 * @param tried the input that is being tried alone
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Starts(List<Long> cursors, int count, @Nullable String tried) {
    private static final int SUSPICIOUS = 3;

    /**
     * Notes a start of a shard. A source that was never read is read from its end as it is at the first start.
     *
     * @param head of the sources
     */
    static Starts note(ShardTransaction tx, Cursor head) {
        var cursors = new ArrayList<Long>();
        for (int source = 0; source < head.shards(); source++) {
            byte[] row = tx.get(RowKeys.cursor(source));
            long cursor = row == null ? head.offset(source) : Json.value(row, Long.class);
            if (row == null) {
                tx.put(RowKeys.cursor(source), Json.bytes(cursor));
            }
            cursors.add(cursor);
        }
        byte[] row = tx.get(RowKeys.STARTS);
        var started = after(row == null ? null : Json.value(row, Starts.class), cursors);
        tx.put(RowKeys.STARTS, Json.bytes(started));
        return started;
    }

    /** One more start, at these cursors. */
    static Starts after(@Nullable Starts before, List<Long> cursors) {
        return before == null || !before.cursors().equals(cursors)
                ? new Starts(cursors, 1, null)
                : new Starts(cursors, before.count() + 1, before.tried());
    }

    Starts trying(String input) {
        return new Starts(cursors, count, input);
    }

    /** Enough went well. */
    Starts ended() {
        return new Starts(cursors, 0, null);
    }

    boolean isLoop() {
        return count >= SUSPICIOUS;
    }
}
