package dev.sluice.projection;

import dev.sluice.expression.Values;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.RowStore;
import dev.sluice.projection.Table.Capture;
import dev.sluice.projection.row.Overlay;
import dev.sluice.projection.row.RowImage;
import dev.sluice.projection.row.StoreKeys;
import dev.sluice.projection.row.StoredRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads of a table, each at one moment between commits. Blocking; for the read pool. */
final class TableReads {
    /** Rows looked at in one moment when a condition may refuse any number of them. */
    private static final int CHUNK_ROWS = 2_048;

    /** Rows that one page looks at. */
    private static final int MAX_LOOKED = 50_000;

    /** Of the rows of one page, beside the last. */
    private static final long MAX_BYTES = 1 << 20;

    private final Table table;

    TableReads(Table table) {
        this.table = table;
    }

    Rows.KeyedRow row(String key) {
        try (var capture = captured(active -> table.newest(key))) {
            var row = row(capture, capture.newest(), key);
            return new Rows.KeyedRow(
                    key,
                    row == null || row.isDeleted() ? null : row,
                    capture.at().cursor());
        }
    }

    /** @param newest the row in memory that changed last, if there is one */
    private @Nullable StoredRow row(Capture capture, List<StoredRow> newest, String key) {
        if (!newest.isEmpty()) {
            return newest.get(0);
        }
        var frozen = capture.frozen() == null ? null : capture.frozen().row(key);
        return frozen != null ? frozen : stored(capture, key);
    }

    /** The row of a key in the captured store. */
    @Nullable
    StoredRow stored(Capture capture, String key) {
        byte[] stored = capture.store().get(StoreKeys.row(table.viewId(), key));
        return stored == null ? null : new StoredRow(table.columns(), RowImage.of(key, stored));
    }

    Rows.Page rows(
            String prefix,
            @Nullable String afterKey,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where) {
        var found = new ArrayList<Rows.KeyedRow>();
        Cursor first = null;
        String after = afterKey;
        long bytes = 0;
        for (int looked = 0; looked < MAX_LOOKED && bytes < MAX_BYTES; ) {
            int chunk = where == null ? limit + 1 : Math.max(limit + 1, CHUNK_ROWS);
            var from = Values.compareText(prefix, after == null ? "" : after) > 0 ? null : after;
            table.sort();
            try (var capture = captured(active -> active.rowsFrom(from == null ? prefix : from, from == null, chunk))) {
                first = first == null ? capture.at().cursor() : first;
                var part = merged(capture, prefix, from, chunk);
                for (var row : part.rows()) {
                    if (!row.isDeleted() && (where == null || where.test(row::column))) {
                        if (found.size() == limit) {
                            return new Rows.Page(found, first, after, bytes, null);
                        }
                        found.add(new Rows.KeyedRow(row.key(), row, first));
                        bytes += row.weight();
                    }
                    after = row.key();
                }
                if (part.isLast()) {
                    return new Rows.Page(found, first, null, bytes, null);
                }
                looked += part.rows().size();
            }
        }
        return new Rows.Page(found, Objects.requireNonNull(first), after, bytes, null);
    }

    /** Rows in the order of keys; {@code isLast}: no more follow. */
    private record Part(List<StoredRow> rows, boolean isLast) {}

    /** The first rows with a prefix, from after a key, at most {@code limit} and {@link #MAX_BYTES}: the newest of each key. */
    private Part merged(Capture capture, String prefix, @Nullable String after, int limit) {
        String from = after == null ? prefix : after;
        var newest = new Front(capture.newest());
        var frozen = new Front(
                capture.frozen() == null ? List.of() : capture.frozen().rowsFrom(from, after == null, limit));
        var rows = new ArrayList<StoredRow>();
        byte[] end = StoreKeys.rowsTo(table.viewId());
        try (var scan = capture.store().scan(StoreKeys.row(table.viewId(), from), end)) {
            var stored = nextStored(scan, after);
            for (long bytes = 0; rows.size() < limit && bytes < MAX_BYTES; ) {
                String key = least(newest.key(), frozen.key(), stored);
                if (key == null || !key.startsWith(prefix)) {
                    return new Part(rows, true);
                }
                StoredRow row = null;
                if (key.equals(stored)) {
                    row = key.equals(newest.key()) || key.equals(frozen.key())
                            ? null
                            : new StoredRow(table.columns(), RowImage.of(key, scan.value()));
                    stored = nextStored(scan, after);
                }
                if (key.equals(frozen.key())) {
                    row = frozen.take();
                }
                if (key.equals(newest.key())) {
                    row = newest.take();
                }
                if (row != null) {
                    rows.add(row);
                    bytes += row.weight();
                }
            }
        }
        return new Part(rows, false);
    }

    private static @Nullable String nextStored(RowStore.Scan scan, @Nullable String after) {
        while (scan.next()) {
            String key = StoreKeys.keyOfRow(scan.key());
            if (!key.equals(after)) {
                return key;
            }
        }
        return null;
    }

    private static @Nullable String least(@Nullable String... keys) {
        String least = null;
        for (var key : keys) {
            if (key != null && (least == null || Values.compareText(key, least) < 0)) {
                least = key;
            }
        }
        return least;
    }

    Rows.Page rowsOf(
            List<String> keys,
            @Nullable String afterKey,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where) {
        var wanted = keys.stream()
                .filter(key -> afterKey == null || Values.compareText(key, afterKey) > 0)
                .toList();
        try (var capture = capturedOf(wanted)) {
            var cursor = capture.at().cursor();
            var found = new ArrayList<Rows.KeyedRow>();
            String last = null;
            long bytes = 0;
            for (var row : rowsOf(capture, wanted)) {
                if (row.isDeleted() || where != null && !where.test(row::column)) {
                    continue;
                }
                if (found.size() == limit || bytes >= MAX_BYTES) {
                    return new Rows.Page(found, cursor, last, bytes, null);
                }
                found.add(new Rows.KeyedRow(row.key(), row, cursor));
                bytes += row.weight();
                last = row.key();
            }
            return new Rows.Page(found, cursor, null, bytes, null);
        }
    }

    View.Changes changesOf(List<String> keys, long change, @Nullable String afterKey, int limit) {
        try (var capture = capturedOf(keys)) {
            if (change < capture.at().checkpoint().purged()) {
                return forgotten(capture, change, afterKey);
            }
            var rows = rowsOf(capture, keys).stream()
                    .filter(row -> row.change() > change && !isSent(row.key(), row.change(), change, afterKey))
                    .sorted(Comparator.comparingLong(StoredRow::change))
                    .toList();
            return changes(rows, capture, Math.min(limit, within(rows)));
        }
    }

    private Capture capturedOf(List<String> keys) {
        return captured(active ->
                keys.stream().flatMap(key -> table.newest(key).stream()).toList());
    }

    /** The rows of some keys, deleted ones included, in the order of the keys. */
    private List<StoredRow> rowsOf(Capture capture, List<String> keys) {
        var newest = capture.newest().stream().collect(Collectors.toMap(StoredRow::key, row -> row));
        var rows = new ArrayList<StoredRow>();
        for (String key : keys) {
            var row = row(capture, newest.containsKey(key) ? List.of(newest.get(key)) : List.of(), key);
            if (row != null) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static View.Changes forgotten(Capture capture, long change, @Nullable String afterKey) {
        return new View.Changes(List.of(), change, afterKey, capture.at().cursor(), false, true);
    }

    View.Changes changesAfter(long change, @Nullable String afterKey, int limit) {
        Predicate<StoredRow> unsent = row -> !isSent(row.key(), row.change(), change, afterKey);
        try (var capture = captured(active -> active.rowsChangedAfter(change, limit + 1, unsent))) {
            if (change < capture.at().checkpoint().purged()) {
                return forgotten(capture, change, afterKey);
            }
            var rows = new ArrayList<StoredRow>();
            changedInStore(capture, change, afterKey, limit + 1, rows);
            var frozen = capture.frozen();
            if (frozen != null && rows.size() <= limit) {
                rows.addAll(frozen.rowsChangedAfter(
                        change,
                        limit + 1 - rows.size(),
                        row -> unsent.test(row) && !table.isInActive(capture, row.key())));
            }
            if (rows.size() <= limit) {
                rows.addAll(capture.newest());
            }
            return changes(rows, capture, Math.min(limit, within(rows)));
        }
    }

    /** How many rows {@link #MAX_BYTES} allow. */
    private static int within(List<StoredRow> rows) {
        long bytes = 0;
        for (int i = 0; i < rows.size(); i++) {
            bytes += rows.get(i).weight();
            if (bytes >= MAX_BYTES) {
                return i + 1;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** Inside the first commit, keys up to {@code afterKey} went before. */
    private static boolean isSent(String key, long keyChange, long change, @Nullable String afterKey) {
        return afterKey != null && keyChange == change + 1 && Values.compareText(key, afterKey) <= 0;
    }

    private void changedInStore(
            Capture capture, long change, @Nullable String afterKey, int limit, List<StoredRow> rows) {
        int viewId = table.viewId();
        byte[] from = StoreKeys.change(viewId, change + 1, new byte[0]);
        try (var scan = capture.store().scan(from, StoreKeys.changesTo(viewId))) {
            // one row more than may be given, so that it is known that more follow
            for (long given = 0; rows.size() < limit && given < MAX_BYTES && scan.next(); ) {
                String key = StoreKeys.keyOfChange(scan.key());
                if (isSent(key, StoreKeys.numberOfChange(scan.key()), change, afterKey)
                        || isNewerElsewhere(capture, key)) {
                    continue;
                }
                var row = stored(capture, key);
                if (row != null) {
                    given += rows.isEmpty() ? 0 : rows.get(rows.size() - 1).weight();
                    rows.add(row);
                }
            }
        }
    }

    /** Whether the store's row of a key was not the newest at the captured moment. */
    boolean isNewerElsewhere(Capture capture, String key) {
        return capture.frozen() != null && capture.frozen().row(key) != null || table.isInActive(capture, key);
    }

    private static View.Changes changes(List<StoredRow> rows, Capture capture, int limit) {
        long next = capture.at().checkpoint().change();
        String nextKey = null;
        if (rows.size() > limit) {
            var last = rows.get(limit - 1);
            boolean isCut = rows.get(limit).change() == last.change();
            next = isCut ? last.change() - 1 : last.change();
            nextKey = isCut ? last.key() : null;
        }
        var cursor = Table.cursorAt(capture.at().cursor(), next, nextKey);
        var keyed = rows.stream()
                .limit(limit)
                .map(row -> new Rows.KeyedRow(row.key(), row.isDeleted() ? null : row, cursor))
                .toList();
        return new View.Changes(keyed, next, nextKey, cursor, rows.size() > limit, false);
    }

    Capture captured(Function<Overlay, List<StoredRow>> copy) {
        var capture = table.capture(copy);
        if (capture == null) {
            throw new Dropped();
        }
        return capture;
    }

    /** The table went while the read was on its way: there may be another now. */
    static final class Dropped extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private Dropped() {
            super("the table was dropped", null, false, false);
        }

        static Failure failure(String name) {
            return Failure.of(Failure.Kind.PROJECTION_NOT_FOUND, "projection " + name + " was deleted");
        }
    }

    /** A list read from its front. */
    private static final class Front {
        private final List<StoredRow> rows;
        private int at;

        Front(List<StoredRow> rows) {
            this.rows = rows;
        }

        @Nullable
        String key() {
            return at < rows.size() ? rows.get(at).key() : null;
        }

        StoredRow take() {
            return rows.get(at++);
        }
    }
}
