package dev.sluice.saga;

import com.fasterxml.jackson.annotation.JsonInclude;
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
