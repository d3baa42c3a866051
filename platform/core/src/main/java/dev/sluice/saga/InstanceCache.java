package dev.sluice.saga;

import dev.sluice.saga.machine.Instance;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** Decoded instances as their rows are, the least recently used forgotten first. For one thread. */
final class InstanceCache {
    private final long maxBytes;
    private final LinkedHashMap<InstanceId, Sized> all = new LinkedHashMap<>(64, 0.75f, true);
    private long bytes;

    private record Sized(Instance instance, int bytes) {}

    InstanceCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Nullable
    Instance get(InstanceId id) {
        var found = all.get(id);
        return found == null ? null : found.instance();
    }

    /** @param size of its row */
    void put(InstanceId id, Instance instance, int size) {
        var before = all.put(id, new Sized(instance, size));
        bytes += size - (before == null ? 0 : before.bytes());
        var oldest = all.entrySet().iterator();
        while (bytes > maxBytes && oldest.hasNext()) {
            bytes -= oldest.next().getValue().bytes();
            oldest.remove();
        }
    }

    void clear() {
        all.clear();
        bytes = 0;
    }
}
