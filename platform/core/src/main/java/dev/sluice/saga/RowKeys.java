package dev.sluice.saga;

import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import java.util.HexFormat;

/**
 * The keys of the rows of sagas in the side state of a shard. Parts are separated by {@code /}, which is escaped within them; numbers
 * are hex of fixed width, so that rows are in their order.
 */
final class RowKeys {
    /** The folded instance, of its newest run. */
    static final String INSTANCES = "saga/i/";
    /** What is to be sent, in the order in which it became due. */
    static final String OUTBOX = "saga/o/";

    static final String TIMERS = "saga/t/";
    static final String STATUSES = "saga/s/";
    static final String CURSORS = "saga/c/";
    /** Events that came before their instance. */
    static final String EARLY = "saga/e/";
    /** Instances that wait for their turn, in its order. */
    static final String ADMISSIONS = "saga/a/";
    /** How many instances have which status. */
    static final String COUNTS = "saga/n/";
    /** How often the shard was started at the same place, and the input that was then being tried alone. */
    static final String STARTS = "saga/b";

    /** The id of a timer that ends the time of an early event begins so; its position follows. */
    static final String EARLY_TIMER = "early:";

    private RowKeys() {}

    static String instance(InstanceId id) {
        return INSTANCES + of(id);
    }

    static String outbox(InstanceId id, Instance.Due due) {
        return OUTBOX + hex(due.sinceMicros()) + "/" + of(id) + "/" + escaped(due.step());
    }

    static String timer(InstanceId id, String timer, long dueMillis) {
        return dueBefore(dueMillis) + of(id) + "/" + escaped(timer);
    }

    /** What the keys of all timers due at a time begin with. */
    static String dueBefore(long millis) {
        return TIMERS + hex(millis) + "/";
    }

    static String status(InstanceId id, Status status) {
        return STATUSES + id.saga() + "/" + status + "/" + escaped(id.key());
    }

    static String admission(InstanceId id, long turn) {
        return admissions(id.saga()) + hex(turn) + "/" + escaped(id.key());
    }

    /** What the keys of all that wait of a saga begin with. */
    static String admissions(String saga) {
        return ADMISSIONS + saga + "/";
    }

    static String cursor(int source) {
        return CURSORS + source;
    }

    static String early(InstanceId id) {
        return EARLY + of(id);
    }

    static String counts(String saga) {
        return COUNTS + saga;
    }

    /** A part of a key, from 0 on, as it was before it was escaped. */
    static String part(String key, int number) {
        return unescaped(key.split("/", -1)[number]);
    }

    static long hexPart(String key, int number) {
        return Long.parseLong(key.split("/", -1)[number], 16);
    }

    private static String of(InstanceId id) {
        return id.saga() + "/" + escaped(id.key());
    }

    private static String hex(long number) {
        return HexFormat.of().toHexDigits(number);
    }

    static String escaped(String part) {
        return part.replace("%", "%25").replace("/", "%2F");
    }

    static String unescaped(String part) {
        return part.replace("%2F", "/").replace("%25", "%");
    }
}
