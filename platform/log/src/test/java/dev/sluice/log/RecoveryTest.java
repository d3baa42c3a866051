package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.WriteBatch;

/** Opens copies of a log's files taken while it was open, as a crash leaves them, and damages them. */
class RecoveryTest {
    private static final int DAMAGES = Integer.getInteger("log.damages", 40);
    private static final long LARGE_EVENTS = 600;
    private static final int WAL_BLOCK = 32 << 10;
    private static final int SECTOR = 512;

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
    void notesWhatWasAcknowledgedWhenAppendsCease() {
        Path note = folder.resolve("noted/shard-0/acknowledged");
        try (var log = Log.open(folder.resolve("noted"), LogOptions.defaults())) {
            fill(log, 0, 200);

            await().atMost(Duration.ofSeconds(30)).until(() -> Bytes.getLong(Files.readAllBytes(note), 0) == 200);
        }
    }

    @Test
    void refusesAGapInWhatItReplays() throws Exception {
        Path crashed = crashedCopy(200);
        try (var memory = new Memory(16L << 20, 1);
                var store = Store.open(crashed.resolve("shard-0"), memory, true);
                var batch = new WriteBatch()) {
            batch.delete(store.family(Store.Family.LOG), Bytes.key(150));
            store.write(batch, true);
        }

        assertThatThrownBy(() -> Log.open(crashed, options))
                .hasMessageContaining(
                        "found the block at 0:151 behind the one at 0:149, which ends at 149, expected no gap")
                .extracting(failure -> ((Failure) failure).kind())
                .isEqualTo(Failure.Kind.CORRUPT);
    }

    /** The logs under test were used before: behind their last record stand records of an older log. */
    @Test
    void hasAllOrAPrefixOrSaysSoWhateverIsDamagedInTheWriteAheadLogs() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        Path original = crashedWithUsedLogs();

        for (int damage = 0; damage < DAMAGES; damage++) {
            Path crashed = folder.resolve("damaged-" + damage);
            copy(original, crashed);
            boolean isUnaware = random.nextBoolean();
            if (isUnaware) {
                Files.delete(crashed.resolve("shard-0/acknowledged"));
            }
            List<Path> wals = wals(crashed);
            damage(wals.get(random.nextInt(wals.size())), random);
            try (var log = Log.open(crashed, options)) {
                long head = log.head().offset(0);
                assertThat(head).isBetween(isUnaware ? 1L : LARGE_EVENTS, LARGE_EVENTS);
                assertThat(offsets(log)).isEqualTo(head);
            } catch (Failure refusal) {
                assertThat(refusal.kind()).isEqualTo(Failure.Kind.CORRUPT);
            }
            delete(crashed);
        }
    }

    /** Zeroes, noise, one flipped bit or the bytes that stood there a sector before: anywhere, mostly in what looks like headers. */
    private static void damage(Path wal, Random random) throws IOException {
        try (var file = new RandomAccessFile(wal.toFile(), "rw")) {
            long at = random.nextInt(3) > 0
                    ? random.nextInt((int) (file.length() / WAL_BLOCK)) * (long) WAL_BLOCK + random.nextInt(11)
                    : random.nextLong(file.length() - SECTOR);
            byte[] bytes = new byte[random.nextBoolean() ? 1 : SECTOR];
            file.seek(at);
            file.readFully(bytes);
            switch (random.nextInt(4)) {
                case 0 -> Arrays.fill(bytes, (byte) 0);
                case 1 -> random.nextBytes(bytes);
                case 2 -> bytes[0] ^= (byte) (1 << random.nextInt(8));
                default -> {
                    file.seek(Math.max(0, at - SECTOR));
                    file.readFully(bytes);
                }
            }
            file.seek(at);
            file.write(bytes);
        }
    }

    /** Large events through small memtables, so that logs are filled, flushed and used again before the process is killed. */
    private Path crashedWithUsedLogs() throws Exception {
        Path log = folder.resolve("large");
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Djava.io.tmpdir=" + folder, // it leaves RocksDB's library behind
                        "-cp",
                        System.getProperty("java.class.path"),
                        LargeEvents.class.getName(),
                        log.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(child.getInputStream().read()).isEqualTo('.');
        child.destroyForcibly().waitFor();
        return log;
    }

    /** Appends, prints a dot when all is answered, and waits to be killed. */
    static final class LargeEvents {
        public static void main(String[] args) throws InterruptedException {
            var log = Log.open(Path.of(args[0]), withSmallMemtables());
            for (int i = 0; i < LARGE_EVENTS; i++) {
                var event = new Event(
                        "e" + i, "Happened", "test", 1_000, "application/octet-stream", Map.of(), null, noise(i));
                answer(log.append(Append.to("order-" + i % 10, Expected.ANY, List.of(event))));
            }
            System.out.println(".");
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    private static LogOptions withSmallMemtables() {
        LogOptions from = Sample.options();
        return new LogOptions(
                from.shards(),
                from.queue(),
                from.maxEventBytes(),
                from.maxAppendBytes(),
                from.appendIdRetentionDays(),
                16L << 20,
                from.clockMicros(),
                from.metrics(),
                from.commitLogs());
    }

    private static byte[] noise(int seed) {
        byte[] noise = new byte[60_000];
        new Random(seed).nextBytes(noise);
        return noise;
    }

    /** How many events follow each other without a gap, each as it was appended. */
    private static long offsets(Log log) {
        long offset = 0;
        Tail tail = log.shard(0).tail(0);
        for (var events = tail.poll(100); !events.isEmpty(); events = tail.poll(100)) {
            for (RecordedEvent event : events) {
                assertThat(event.offset()).isEqualTo(++offset);
                assertThat(event.data()).isEqualTo(noise((int) offset - 1));
            }
        }
        return offset;
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
        List<Path> wals = wals(log);
        return wals.get(wals.size() - 1);
    }

    /** Oldest first. */
    private static List<Path> wals(Path log) throws IOException {
        try (Stream<Path> files = Files.list(log.resolve("shard-0"))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    private static void delete(Path log) throws IOException {
        try (Stream<Path> files = Files.walk(log)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
