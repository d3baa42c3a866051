package dev.sluice.saga;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sluice.log.Cursor;
import dev.sluice.log.ShardTransaction;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How often a shard was started without having been stopped, or having lived for a while, in between: a crash loop, when it is often. Other inputs go
 * on meanwhile, so that they are no sign of health. A process also dies of what another shard does, or is killed: an input is condemned only when the
 * process ended twice while it was tried.
 *
 * @param cursors of the sources
 * @param tried the input that is being tried alone
 * @param deaths of the process while that was tried, one after the other
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Starts(List<Long> cursors, int count, @Nullable String tried, int deaths) {
    private static final int SUSPICIOUS = 3;
    private static final int CONDEMNED = 2;

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
        return before == null
                ? new Starts(cursors, 1, null, 0)
                : new Starts(
                        cursors, before.count() + 1, before.tried(), before.tried() == null ? 0 : before.deaths() + 1);
    }

    /** Of this start: what was tried when the process ended keeps its deaths. */
    Starts trying(String input) {
        return new Starts(cursors, count, input, input.equals(tried) ? deaths : 0);
    }

    boolean condemns(String input) {
        return deaths >= CONDEMNED && input.equals(tried);
    }

    /** Enough went well. */
    Starts ended() {
        return new Starts(cursors, 0, null, 0);
    }

    boolean isLoop() {
        return count >= SUSPICIOUS;
    }
}
