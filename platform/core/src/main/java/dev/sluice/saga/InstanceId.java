package dev.sluice.saga;

import dev.sluice.log.Failure;
import dev.sluice.log.StreamName;

/** Whose instance it is; its runs come one after the other. */
record InstanceId(String saga, String key) {
    private static final int LAST_RUN = Integer.MAX_VALUE;

    /** INVALID_STREAM for a key that no stream can be named after. */
    static InstanceId checked(String saga, String key) {
        var id = new InstanceId(saga, key);
        if (key.isEmpty()) {
            throw Failure.of(Failure.Kind.INVALID_STREAM, "found an empty key, expected one of an instance");
        }
        StreamName.check(id.stream(LAST_RUN));
        return id;
    }

    /** All runs lie in one shard: that of what is before the {@code ~}. */
    String stream(int run) {
        return "$saga." + saga.replace('-', '.') + "-" + key + "~" + run;
    }

    @Override
    public String toString() {
        return saga + "/" + key;
    }
}
