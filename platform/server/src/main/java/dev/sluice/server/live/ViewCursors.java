package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.log.Cursor.ViewPart;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The cursors of views, taken apart and put together. */
final class ViewCursors {
    private ViewCursors() {}

    static ViewPart part(Cursor cursor) {
        return Objects.requireNonNull(cursor.view(), "a view's cursor has a view part");
    }

    /** The same store and generation at another change number, and in the middle of a snapshot the last key sent. */
    static Cursor at(Cursor cursor, long change, @Nullable String key) {
        ViewPart part = part(cursor);
        return cursor.with(
                new ViewPart(part.storeId(), part.epoch(), part.projection(), part.generation(), change, key));
    }

    /** A token that leads to a snapshot of everything. */
    static Cursor withoutView(Cursor cursor) {
        long[] offsets = new long[cursor.shards()];
        Arrays.setAll(offsets, cursor::offset);
        return Cursor.of(offsets);
    }
}
