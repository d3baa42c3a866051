package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RowCacheTest {
    private final Columns columns = new Columns(List.of(new Definition.Column("pad", Aggregate.MAX, 0)), List.of());
    private final Overlay overlay = new Overlay(0, 0);

    @Test
    void weighsRowsThatAreNew() {
        var cache = new RowCache(() -> 1 << 20);

        for (int i = 0; i < 300; i++) {
            var entry = new RowCache.Entry("key-" + i, null, null);
            cache.put(entry);
            cache.commit(entry, row("key-" + i, 10_000), overlay.add(row("key-" + i, 10), 0, null));
            cache.shrink();
        }

        assertThat(cache.get("key-0")).isNull();
        assertThat(cache.get("key-299")).isNotNull();
    }

    @Test
    void weighsRowsThatGrow() {
        var cache = new RowCache(() -> 1 << 20);
        var old = new RowCache.Entry("old", null, null);
        cache.put(old);
        cache.shrink();

        var growing = new RowCache.Entry("growing", null, null);
        cache.put(growing);
        var slot = overlay.add(row("growing", 10), 0, null);
        for (int i = 1; i < 100; i++) {
            cache.commit(growing, row("growing", i * 10_000), slot);
            cache.shrink();
        }
        cache.put(new RowCache.Entry("new", row("new", 900_000), null));
        cache.shrink();

        assertThat(cache.get("old")).isNull();
    }

    private StoredRow row(String key, int bytes) {
        return new StoredRow(
                columns, key, columns.encode(new ByteWriter(), 1, Long.MAX_VALUE, new Object[] {"x".repeat(bytes)}));
    }
}
