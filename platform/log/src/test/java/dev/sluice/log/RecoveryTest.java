package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens copies of a log's files taken while it was open, as a crash leaves them, and damages them. */
class RecoveryTest {
    @TempDir
    Path folder;

    private final LogOptions options = Sample.options();

    @Test
    void hasEverythingThatWasAnsweredAfterACrash() throws IOException {
        Path crashed = crashedCopy(2_000);

        try (var log = Log.open(crashed, options, new Shard.Seams(disk -> disk, 300))) {
            assertThat(log.head()).isEqualTo(Cursor.of(2_000));
            assertThat(log.version("order-3")).isEqualTo(200);
            assertThat(log.readStream("order-3", 1, EventQuery.Direction.FORWARD, 1000))
                    .hasSize(200);
            assertThat(answer(log.append(append("order-3", "next")))
                            .streams()
                            .get(0)
                            .firstVersion())
                    .isEqualTo(201);
        }
    }

    @Test
    void startsWithoutTheTornTailOfTheWriteAheadLog() throws IOException {
        Path crashed = crashedCopy(200);
        Path wal = newestWal(crashed);
        Files.delete(crashed.resolve("shard-0/acknowledged"));
        try (var file = new RandomAccessFile(wal.toFile(), "rw")) {
            file.setLength(file.length() - 10);
        }

        try (var log = Log.open(crashed, options)) {
            assertThat(log.head()).isEqualTo(Cursor.of(199));
            assertThat(answer(log.append(append("order-1", "next"))).first()).isEqualTo(new Position(0, 200));
            assertThat(log.readStream("order-9", 1, EventQuery.Direction.FORWARD, 1000))
                    .hasSize(19);
        }
    }

    @Test
    void refusesToGoOnWithoutEventsThatWereAcknowledged() throws IOException {
        Path crashed = crashedCopy(200);
        Path wal = newestWal(crashed);
        try (var file = new RandomAccessFile(wal.toFile(), "rw")) {
            file.seek(file.length() / 2 + 50);
            file.write(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        }

        assertThatThrownBy(() -> Log.open(crashed, options))
                .hasMessageContaining("which was acknowledged")
                .extracting(failure -> ((Failure) failure).kind())
                .isEqualTo(Failure.Kind.CORRUPT);
    }

    @Test
    void refusesADamagedRecordThatRocksDbWouldSpinOn() throws IOException {
        Path crashed = crashedCopy(10);
        Path wal = newestWal(crashed);
        try (var file = new RandomAccessFile(wal.toFile(), "rw")) {
            file.seek(6);
            file.write(5);
        }

        assertThatThrownBy(() -> Log.open(crashed, options))
                .hasMessageContaining("found a damaged record at byte 0 of " + wal)
                .extracting(failure -> ((Failure) failure).kind())
                .isEqualTo(Failure.Kind.CORRUPT);
    }

    @Test
    void indexesAgainWhatNoFileOfTheIndexHolds() throws IOException {
        Path crashed = crashedCopy(2_000);
        try (var log = Log.open(crashed, options, new Shard.Seams(disk -> disk, 300))) {
            assertThat(log.head()).isEqualTo(Cursor.of(2_000));
        }

        try (var log = Log.open(crashed, options, new Shard.Seams(disk -> disk, 300))) {
            EventPage page = log.read(Sample.query(
                    new Selection.OfCategory("order"), Cursor.start(1), EventQuery.Direction.FORWARD, 5_000));
            assertThat(page.events()).hasSize(2_000);
            assertThat(page.end()).isTrue();
        }
    }

    /** Half of the events are in files of the index, half only in the log; nothing moves while the files are copied. */
    private Path crashedCopy(int events) throws IOException {
        Path copy = folder.resolve("crashed");
        try (var log = Log.open(folder.resolve("log"), options, new Shard.Seams(disk -> disk, 50))) {
            fill(log, 0, events / 2);
        }
        try (var log = Log.open(folder.resolve("log"), options)) {
            fill(log, events / 2, events);
            copy(folder.resolve("log"), copy);
        }
        return copy;
    }

    private static void fill(Log log, int from, int to) {
        for (int i = from; i < to; i++) {
            answer(log.append(append("order-" + i % 10, "e" + i)));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(from)) {
            files = all.toList();
        }
        for (Path file : files) {
            Path target = to.resolve(from.relativize(file).toString());
            if (Files.isDirectory(file)) {
                Files.createDirectories(target);
            } else if (Files.exists(file)) {
                Files.copy(file, target);
            }
        }
    }

    private static Path newestWal(Path log) throws IOException {
        try (Stream<Path> files = Files.list(log.resolve("shard-0"))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.comparing(Path::getFileName))
                    .orElseThrow();
        }
    }
}
