package dev.sluice.log;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The folder of a log: {@code log.properties} says what it is, {@code lock} that somebody uses it, {@code shard-N} hold it. */
final class LogFolder implements AutoCloseable {
    static final int FORMAT = 1;

    private final Path folder;
    private final FileChannel lockFile;
    private final String id;
    private final int shards;

    private LogFolder(Path folder, FileChannel lockFile, String id, int shards) {
        this.folder = folder;
        this.lockFile = lockFile;
        this.id = id;
        this.shards = shards;
    }

    /** Locks the folder and reads what it is; makes it one of {@code wantedShards} shards when it is empty. */
    static LogFolder open(Path folder, int wantedShards) throws IOException {
        if (wantedShards < 1 || wantedShards > 1024) {
            throw Failure.of(Failure.Kind.CONFIG_INVALID, "found log.shards " + wantedShards + ", expected 1 to 1024");
        }
        Files.createDirectories(folder);
        FileChannel lockFile =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            lock(folder, lockFile);
            Path file = folder.resolve("log.properties");
            if (!Files.exists(file)) {
                create(folder, file, wantedShards);
            }
            var properties = new Properties();
            try (var in = Files.newBufferedReader(file)) {
                properties.load(in);
            }
            checkFormat(file, properties.getProperty("format"));
            int shards = Integer.parseInt(properties.getProperty("shards", "0"));
            if (shards != wantedShards) {
                throw Failure.of(
                        Failure.Kind.CONFIG_INVALID,
                        "found a log of " + shards + " shards in " + folder + ", expected log.shards: " + wantedShards
                                + "; the count is fixed when a log is created: set log.shards to " + shards);
            }
            return new LogFolder(folder, lockFile, properties.getProperty("id", ""), shards);
        } catch (IOException | RuntimeException refused) {
            lockFile.close();
            throw refused;
        }
    }

    private static void lock(Path folder, FileChannel lockFile) throws IOException {
        FileLock lock;
        try {
            lock = lockFile.tryLock();
        } catch (OverlappingFileLockException ours) {
            lock = null;
        }
        if (lock == null) {
            throw Failure.of(
                    Failure.Kind.UNAVAILABLE,
                    "found the log in " + folder
                            + " open elsewhere, expected to be its only user: stop the other process");
        }
    }

    private static void checkFormat(Path file, @Nullable String found) {
        int format;
        try {
            format = Integer.parseInt(String.valueOf(found));
        } catch (NumberFormatException torn) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found format '" + found + "' in " + file + ", expected a number such as " + FORMAT);
        }
        if (format > FORMAT) {
            throw Failure.of(
                    Failure.Kind.NEWER_FORMAT,
                    "found a log of format " + format + " in " + file.getParent() + ", expected at most " + FORMAT
                            + ": run the version of Sluice that wrote it, or a later one");
        }
    }

    private static void create(Path folder, Path file, int shards) throws IOException {
        var properties = new Properties();
        properties.setProperty("format", String.valueOf(FORMAT));
        properties.setProperty("id", UUID.randomUUID().toString());
        properties.setProperty("shards", String.valueOf(shards));
        var text = new StringWriter();
        properties.store(text, "A Sluice log. Do not change.");
        Path temporary = folder.resolve("log.properties.tmp");
        try (var out = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            out.write(StandardCharsets.UTF_8.encode(text.toString()));
            out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        try (var directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    String id() {
        return id;
    }

    int shards() {
        return shards;
    }

    Path shard(int number) {
        return folder.resolve("shard-" + number);
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException failed) {
            throw Failure.of(
                    Failure.Kind.UNAVAILABLE, "the disk failed to close the lock of " + folder + ": " + failed);
        }
    }
}
