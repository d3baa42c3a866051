package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** What projections do with a log that is already there. Each run has a copy of it, and all of the machine's processors. */
final class FoldRuns {
    private static final int FILLING_IN_FLIGHT = 1_024;
    private static final int APPENDS_IN_FLIGHT = 256;
    private static final long LOOK_NANOS = 1_000_000;

    private final Path filled;
    private final long events;
    private final List<String> names;

    private FoldRuns(Path filled, long events, List<String> names) {
        this.filled = filled;
        this.events = events;
        this.names = names;
    }

    /** Fills the log that the runs will copy; its first events define the projections, so that they begin together. */
    static FoldRuns fill(Path folder, OrderData data, long events, int views) {
        var names = IntStream.range(0, views)
                .mapToObj(number -> BenchProjection.NAME + "-" + number)
                .toList();
        try (var rooms = new Rooms(folder)) {
            rooms.openViews();
            names.forEach(name -> define(rooms, name, "orders"));
        }
        Machine.delete(folder.resolve("views"));
        Path log = folder.resolve("log");
        try (var target = new SluiceTarget(log, data)) {
            new AppendLoad(data, FILLING_IN_FLIGHT).runWhile(target, submitted -> submitted < events);
        }
        return new FoldRuns(log, events, names);
    }

    /** Folds the log from its beginning into all views at once, until their rows are durable. */
    Run fold(Path folder) throws IOException {
        try (var rooms = rooms(folder)) {
            double cpuBefore = Machine.cpuSeconds();
            long start = System.nanoTime();
            rooms.openViews();
            names.forEach(rooms::awaitFolded);
            rooms.closeViews();
            return new Run(events, System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
        }
    }

    /** Builds a changed definition beside the first one that is live and has folded all, until it is live and its rows are durable. */
    Run rebuild(Path folder) throws IOException {
        try (var rooms = folded(folder)) {
            double cpuBefore = Machine.cpuSeconds();
            long start = System.nanoTime();
            change(rooms);
            while (isRebuilding(rooms)) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
            rooms.closeViews();
            return new Run(events, System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
        }
    }

    /**
     * Appends to the log with a view folding what is appended.
     *
     * @param isRebuilding whether the view is built again meanwhile; then it ends at the latest when that is done
     */
    Run appends(Path folder, OrderData data, Duration time, boolean isRebuilding) throws IOException {
        try (var rooms = folded(folder)) {
            if (isRebuilding) {
                change(rooms);
            }
            long end = System.nanoTime() + time.toNanos();
            return new AppendLoad(data, APPENDS_IN_FLIGHT)
                    .runWhile(
                            new SluiceTarget(rooms.log(), data),
                            submitted -> System.nanoTime() - end < 0 && (!isRebuilding || isRebuilding(rooms)));
        }
    }

    private Rooms rooms(Path folder) throws IOException {
        Files.createDirectories(folder);
        Machine.copy(filled, folder.resolve("log"));
        return new Rooms(folder);
    }

    /** Rooms with views that have folded the whole log. */
    private Rooms folded(Path folder) throws IOException {
        var rooms = rooms(folder);
        rooms.openViews();
        names.forEach(rooms::awaitFolded);
        return rooms;
    }

    private void change(Rooms rooms) {
        define(rooms, names.get(0), "placed");
    }

    private static void define(Rooms rooms, String name, String countColumn) {
        Rooms.await(rooms.projections().apply(BenchProjection.yaml(name, countColumn), name, "bench"));
    }

    /** Whether readers still see the first generation. */
    private boolean isRebuilding(Rooms rooms) {
        return rooms.projections().view(names.get(0)).generation() == 1;
    }
}
