package dev.sluice.bench;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * Which orders were published to each row and when they were due, beside what subscribers have of them. The count that a row
 * folds says which orders are in it: a row that arrives makes current all those that the subscriber did not have, also those
 * that were never sent because a newer one overtook them.
 */
final class Freshness implements Publisher.Due {
    /** So long an order's due time is known at least, on average; one that arrives later counts as an order of that age. */
    private static final int REMEMBERED_SECONDS = 20;

    private static final int MIN_REMEMBERED = 8;

    private final int remembered;
    private final AtomicIntegerArray published;
    private final AtomicLongArray dueNanos;
    private final int[] allRows;
    private final AbstractHistogram latencies = new ConcurrentHistogram(3);
    private volatile long measuredFromNanos;
    private volatile boolean isMeasuring;

    /** @param ratePerSecond of orders over all rows */
    Freshness(int rows, int ratePerSecond) {
        int many = Math.max(MIN_REMEMBERED, (int) Math.min(1 << 20, (long) ratePerSecond * REMEMBERED_SECONDS / rows));
        remembered = Integer.highestOneBit(2 * many - 1);
        published = new AtomicIntegerArray(rows);
        dueNanos = new AtomicLongArray(rows * remembered);
        allRows = new int[rows];
        Arrays.setAll(allRows, row -> row);
    }

    /** An order that is published now; one thread. */
    @Override
    public void due(int row, byte[] order, long nanos) {
        int before = published.get(row);
        dueNanos.set(place(row, before), nanos);
        published.set(row, before + 1);
    }

    /** From now on the orders that become due are measured. */
    void measure() {
        measuredFromNanos = System.nanoTime();
        isMeasuring = true;
    }

    /** From when an order was due until a subscriber had it or a newer one of its row, over all subscribers, in ns. */
    AbstractHistogram latencies() {
        return latencies;
    }

    int rows() {
        return allRows.length;
    }

    /** What a new subscriber to all rows has. */
    Watch watch() {
        return new Watch(allRows);
    }

    /** What a new subscriber to these rows has; in order. */
    Watch watch(int[] rows) {
        return new Watch(rows);
    }

    private int place(int row, int order) {
        return row * remembered + (order & remembered - 1);
    }

    /** What one subscriber has. One thread. */
    final class Watch {
        private final int[] rows;
        private final int[] counts;

        private Watch(int[] rows) {
            this.rows = rows;
            counts = new int[rows.length];
        }

        /** A row as it was when the subscriber came. */
        void hold(int row, int count) {
            int at = check(row, count);
            counts[at] = Math.max(counts[at], count);
        }

        /** A row as it has become. */
        void see(int row, int count, long nowNanos) {
            int at = check(row, count);
            if (isMeasuring) {
                for (int order = Math.max(counts[at], count - remembered); order < count; order++) {
                    long due = dueNanos.get(place(row, order));
                    if (due - measuredFromNanos >= 0) {
                        latencies.recordValue(Math.max(0, nowNanos - due));
                    }
                }
            }
            counts[at] = Math.max(counts[at], count);
        }

        /** How many rows are not at their newest. */
        int missing() {
            int missing = 0;
            for (int at = 0; at < rows.length; at++) {
                if (counts[at] < published.get(rows[at])) {
                    missing++;
                }
            }
            return missing;
        }

        private int check(int row, int count) {
            int at = Arrays.binarySearch(rows, row);
            if (at < 0) {
                throw new IllegalStateException("found row " + row + " at a subscriber that did not ask for it");
            }
            if (count > published.get(row)) {
                throw new IllegalStateException("found %d orders in row %d, expected at most the %d published"
                        .formatted(count, row, published.get(row)));
            }
            return at;
        }
    }
}
