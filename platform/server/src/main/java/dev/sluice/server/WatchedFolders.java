package dev.sluice.server;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The YAML files of some folders, which may be missing: a look at them each second, and what is wrong with which. */
final class WatchedFolders implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedFolders.class);
    private static final long LOOK_EVERY_MILLIS = 1_000;

    private final String what;
    private final List<Path> folders;
    private final Map<Path, String> problems = new ConcurrentSkipListMap<>();
    private final ScheduledExecutorService watcher;

    /** What tells that a file has changed. */
    record Version(FileTime modified, long bytes) {}

    /** @param what stands in the files, one word for logs and messages */
    WatchedFolders(String what, List<Path> folders) {
        this.what = what;
        this.folders = folders;
        this.watcher = Executors.newSingleThreadScheduledExecutor(task -> {
            var watching = new Thread(task, "sluice-" + what + "-files");
            watching.setDaemon(true);
            return watching;
        });
    }

    /** The files in order; CONFIG_INVALID for a folder that cannot be read. */
    List<Path> files() {
        var all = new ArrayList<Path>();
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (var files = Files.list(folder)) {
                files.filter(each -> each.toString().endsWith(".yaml")
                                || each.toString().endsWith(".yml"))
                        .filter(each -> !Files.isDirectory(each))
                        .sorted()
                        .forEach(all::add);
            } catch (IOException unreadable) {
                throw Failure.of(
                        Failure.Kind.CONFIG_INVALID,
                        "found " + what + " files in " + folder + " that cannot be listed, expected a folder: "
                                + unreadable);
            }
        }
        return all;
    }

    /** DEFINITION_INVALID for a file that cannot be read, here and in {@link #text}. */
    static Version version(Path file) {
        try {
            return new Version(Files.getLastModifiedTime(file), Files.size(file));
        } catch (IOException unreadable) {
            throw unreadable(file, unreadable);
        }
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw unreadable(file, unreadable);
        }
    }

    private static Failure unreadable(Path file, IOException cause) {
        return Failure.of(
                Failure.Kind.DEFINITION_INVALID, file + ": found a file that cannot be read, expected UTF-8: " + cause);
    }

    /** Looks now, on this thread, which tells what is wrong as errors; then each second until it is closed. */
    void start(Runnable look) {
        look.run();
        problems.forEach((file, problem) -> LOG.error(
                "{}_file_refused file={} problem=\"{}\" next=\"what it said before stays\"", what, file, problem));
        watcher.scheduleWithFixedDelay(() -> again(look), LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void again(Runnable look) {
        try {
            look.run();
        } catch (Failure gone) {
            LOG.debug("{}_files_unreadable problem=\"{}\" next=\"they are looked at again\"", what, gone.getMessage());
        }
    }

    /** What is wrong with which file, or with what a folder's say together; any thread. */
    Map<Path, String> problems() {
        return problems;
    }

    /** Whether that is new. */
    boolean refuse(Path file, Failure why) {
        boolean isNew = !why.getMessage().equals(problems.put(file, why.getMessage()));
        if (isNew) {
            LOG.warn("{}_file_refused file={} problem=\"{}\"", what, file, why.getMessage());
        }
        return isNew;
    }

    @Override
    public void close() {
        watcher.shutdownNow();
    }
}
