package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.RowStore;
import dev.sluice.projection.Table.Capture;
import dev.sluice.projection.definition.Definition.Index;
import dev.sluice.projection.row.ByteReader;
import dev.sluice.projection.row.Indexes;
import dev.sluice.projection.row.StoreKeys;
import dev.sluice.projection.row.StoredRow;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads of a table in the order of a column: along an index, or by looking at all rows. Blocking; for the read pool. */
final class OrderedReads {
    private static final int CHUNK_ROWS = 2_048;
    private static final int MAX_LOOKED = 50_000;
    private static final int MAX_SCANNED = 200_000;
    private static final int SCAN_PAGE = 5_000;
    private static final long MAX_BYTES = 1 << 20;

    private final Table table;
    private final TableReads reads;

    OrderedReads(Table table) {
        this.table = table;
        reads = new TableReads(table);
    }

    /** A row and where its index lists it. */
    private record Listed(byte[] entry, StoredRow row) {}

    Rows.Page rows(
            Rows.Order by,
            String prefix,
            @Nullable String after,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where,
            boolean mayScan) {
        checkColumn(by);
        var order = new Index(by.column(), by.isDescending());
        int index = table.indexes().declared().indexOf(order);
        if (index >= 0) {
            return byIndex(index, prefix, after, limit, where);
        }
        if (!mayScan) {
            throw undeclared(order);
        }
        return byScan(order, prefix, limit, where);
    }

    /** INVALID_REQUEST unless an index keeps an order. */
    void check(Rows.Order by) {
        checkColumn(by);
        var order = new Index(by.column(), by.isDescending());
        if (!table.indexes().declared().contains(order)) {
            throw undeclared(order);
        }
    }

    private void checkColumn(Rows.Order by) {
        if (!table.columns().names().contains(by.column())) {
            throw Failure.of(
                    Failure.Kind.INVALID_REQUEST,
                    "found orderBy " + by.column() + ", expected one of "
                            + String.join(", ", table.columns().names()));
        }
    }

    private Failure undeclared(Index order) {
        return Failure.of(
                Failure.Kind.INVALID_REQUEST,
                "found orderBy " + order + ", which no index of " + table.name()
                        + " keeps, expected one that does: declare index: [ " + order
                        + " ] in its definition, or look at all rows with scan=true");
    }

    private Rows.Page byIndex(
            int index,
            String prefix,
            @Nullable String after,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where) {
        var found = new ArrayList<Rows.KeyedRow>();
        byte[] from = after == null ? new byte[0] : entry(after);
        Cursor first = null;
        long bytes = 0;
        int chunk = where == null && prefix.isEmpty() ? limit + 1 : Math.max(limit + 1, CHUNK_ROWS);
        for (int looked = 0; looked < MAX_LOOKED && bytes < MAX_BYTES; looked += chunk) {
            byte[] behind = from;
            try (var capture = reads.captured(active -> active.rowsListed(index, behind, chunk))) {
                first = first == null ? capture.at().cursor() : first;
                var part = merged(capture, index, from, chunk);
                for (var listed : part) {
                    var row = listed.row();
                    if (row.key().startsWith(prefix) && (where == null || where.test(row::column))) {
                        if (found.size() == limit) {
                            return new Rows.Page(found, first, name(from), bytes, null);
                        }
                        found.add(new Rows.KeyedRow(row.key(), row, first));
                        bytes += row.weight();
                    }
                    from = listed.entry();
                }
                if (part.size() < chunk) {
                    return new Rows.Page(found, first, null, bytes, null);
                }
            }
        }
        return new Rows.Page(found, first == null ? table.committed().cursor() : first, name(from), bytes, null);
    }

    private static String name(byte[] entry) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(entry);
    }

    private static byte[] entry(String name) {
        try {
            return Base64.getUrlDecoder().decode(name);
        } catch (IllegalArgumentException malformed) {
            throw Failure.of(
                    Failure.Kind.INVALID_CURSOR,
                    "found a cursor of another order, expected the one that the page before gave");
        }
    }

    /** The first rows behind an entry: the newest of each key. */
    private List<Listed> merged(Capture capture, int index, byte[] from, int limit) {
        var memory = new ArrayList<Listed>();
        capture.newest().forEach(row -> memory.add(listed(index, row)));
        var frozen = capture.frozen();
        if (frozen != null) {
            // those that changed again stand where they are now
            frozen.rowsListed(index, from, limit + capture.newest().size()).stream()
                    .filter(row -> !table.isInActive(capture, row.key()))
                    .forEach(row -> memory.add(listed(index, row)));
        }
        memory.sort(Comparator.comparing(Listed::entry, Arrays::compareUnsigned));
        var rows = new ArrayList<Listed>();
        int at = 0;
        int viewId = table.viewId();
        try (var scan = capture.store().scan(StoreKeys.index(viewId, index, from), StoreKeys.indexTo(viewId, index))) {
            var stored = nextStored(capture, scan, from);
            while (rows.size() < limit && (at < memory.size() || stored != null)) {
                boolean isStored = at == memory.size()
                        || stored != null
                                && Arrays.compareUnsigned(
                                                stored.entry(), memory.get(at).entry())
                                        < 0;
                if (isStored) {
                    rows.add(stored);
                    stored = nextStored(capture, scan, from);
                } else {
                    rows.add(memory.get(at++));
                }
            }
        }
        return rows;
    }

    private Listed listed(int index, StoredRow row) {
        return new Listed(table.indexes().entry(index, row), row);
    }

    private @Nullable Listed nextStored(Capture capture, RowStore.Scan scan, byte[] from) {
        while (scan.next()) {
            byte[] entry = StoreKeys.entryOfIndex(scan.key());
            int keyBytes = (int) new ByteReader(scan.value()).varint();
            String key = new String(entry, entry.length - keyBytes, keyBytes, StandardCharsets.UTF_8);
            if (Arrays.equals(entry, from) || reads.isNewerElsewhere(capture, key)) {
                continue;
            }
            var row = reads.stored(capture, key);
            if (row != null) {
                return new Listed(entry, row);
            }
        }
        return null;
    }

    private Rows.Page byScan(
            Index order, String prefix, int limit, @Nullable Predicate<Function<String, @Nullable Object>> where) {
        var indexes = new Indexes(List.of(order));
        Comparator<Listed> byEntry = Comparator.comparing(Listed::entry, Arrays::compareUnsigned);
        var best = new PriorityQueue<Listed>(byEntry.reversed());
        Cursor first = null;
        String after = null;
        long scanned = 0;
        do {
            var page = reads.rows(prefix, after, SCAN_PAGE, null);
            first = first == null ? page.cursor() : first;
            for (var keyed : page.rows()) {
                var row = (StoredRow) keyed.row();
                scanned++;
                if (row != null && (where == null || where.test(row::column))) {
                    best.add(new Listed(indexes.entry(0, row), row));
                    if (best.size() > limit) {
                        best.poll();
                    }
                }
            }
            after = page.next();
        } while (after != null && scanned < MAX_SCANNED);
        var rows = new ArrayList<>(best);
        rows.sort(byEntry);
        var cursor = first;
        long bytes = rows.stream().mapToLong(listed -> listed.row().weight()).sum();
        return new Rows.Page(
                rows.stream()
                        .map(listed -> new Rows.KeyedRow(listed.row().key(), listed.row(), cursor))
                        .toList(),
                cursor,
                null,
                bytes,
                new Rows.Scanned(scanned, after == null));
    }
}
