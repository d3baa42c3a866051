package dev.sluice.server.live;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** The feeds in use, each for as long as a subscription uses it. Any thread. */
final class Feeds {
    private final ConcurrentMap<Key, Use> uses = new ConcurrentHashMap<>();
    private final int chunkBytes;

    /** What makes two subscriptions want the same. */
    record Key(String projection, String prefix, @Nullable String where) {}

    private record Use(Feed feed, int count) {}

    Feeds(int chunkBytes) {
        this.chunkBytes = chunkBytes;
    }

    /** FILTER_INVALID. To be given back with {@link #release}. */
    Feed use(Key key) {
        Use used = uses.compute(
                key,
                (same, use) -> use == null
                        ? new Use(new Feed(key.prefix(), key.where(), chunkBytes), 1)
                        : new Use(use.feed(), use.count() + 1));
        return used.feed();
    }

    void release(Key key) {
        uses.computeIfPresent(key, (same, use) -> use.count() == 1 ? null : new Use(use.feed(), use.count() - 1));
    }

    int size() {
        return uses.size();
    }
}
