package dev.sluice.resilience;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The last attempts of all addresses, for dry runs; of more than there is room for the oldest are forgotten. Any thread. */
final class Outcomes {
    private static final int MOST = 1 << 14;

    private final String[] addresses = new String[MOST];
    private final @Nullable String[] callers = new String[MOST];
    private final int[] attempts = new int[MOST];
    private final long[] startsNanos = new long[MOST];
    private final long[] tookNanos = new long[MOST];
    private final String[] words = new String[MOST];
    private long count;

    /** Takes an attempt that was made, or one that was refused on this side: {@code word} {@link RecordedOutcome#UNKNOWN}. */
    synchronized void add(
            String address, @Nullable String caller, int attempt, long startNanos, long nanos, String word) {
        int at = (int) (count++ % MOST);
        addresses[at] = address;
        callers[at] = caller;
        attempts[at] = attempt;
        startsNanos[at] = startNanos;
        tookNanos[at] = nanos;
        words[at] = word;
    }

    synchronized List<RecordedOutcome> recorded() {
        var recorded = new ArrayList<RecordedOutcome>();
        for (long n = Math.max(0, count - MOST); n < count; n++) {
            int at = (int) (n % MOST);
            recorded.add(new RecordedOutcome(
                    addresses[at], callers[at], attempts[at], startsNanos[at], tookNanos[at], words[at]));
        }
        return recorded;
    }

    /** What became of an attempt. */
    static String word(@Nullable Throwable failed) {
        if (failed == null) {
            return RecordedOutcome.OK;
        }
        var kind = Conditions.kind(failed);
        return (kind == null ? Failure.Kind.INTERNAL : kind).code();
    }
}
