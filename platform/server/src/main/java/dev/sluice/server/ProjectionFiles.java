package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.projection.Projections;
import dev.sluice.projection.Projections.Applying;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files with definitions: applied at start, and again when one has changed. A file is a PUT repeated with the same content,
 * so it has no effect when nothing changed. One that cannot be applied leaves what it defined before as it was; one that is
 * removed leaves its projections alone.
 */
final class ProjectionFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProjectionFiles.class);
    private static final long LOOK_EVERY_MILLIS = 1_000;
    private static final long APPLIED_WITHIN_SECONDS = 60;

    private final List<Path> folders;
    private final Projections projections;
    private final Map<Path, Version> seen = new HashMap<>();
    /** The projections that each file defines. */
    private final Map<Path, Set<String>> defined = new HashMap<>();

    private final Map<Path, String> problems = new ConcurrentSkipListMap<>();
    private final ScheduledExecutorService watcher = Executors.newSingleThreadScheduledExecutor(task -> {
        var watching = new Thread(task, "sluice-projection-files");
        watching.setDaemon(true);
        return watching;
    });

    /** What tells that a file has changed. */
    private record Version(FileTime modified, long bytes) {}

    ProjectionFiles(List<Path> folders, Projections projections) {
        this.folders = folders;
        this.projections = projections;
    }

    /** Applies all of them that can be, then looks for changes until it is closed. CONFIG_INVALID for a folder that cannot be read. */
    void start() {
        try {
            files(folders).forEach(this::applyIfChanged);
        } catch (IOException unreadable) {
            throw unreadable(folders, unreadable);
        }
        problems.forEach((file, problem) -> LOG.error(
                "projection_file_refused file={} problem=\"{}\" next=\"what it defined before stays\"", file, problem));
        watcher.scheduleWithFixedDelay(this::look, LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Reads all files and applies none; the number of definitions. DEFINITION_INVALID, CONFIG_INVALID. */
    static int check(List<Path> folders) {
        int count = 0;
        try {
            for (Path file : files(folders)) {
                count += Projections.check(Files.readString(file), file.toString());
            }
        } catch (IOException unreadable) {
            throw unreadable(folders, unreadable);
        }
        return count;
    }

    private static Failure unreadable(List<Path> folders, IOException cause) {
        return Failure.of(
                Failure.Kind.CONFIG_INVALID, "projections in " + folders + " cannot be read: " + cause.getMessage());
    }

    /** What is wrong with which file now. */
    Map<Path, String> problems() {
        return problems;
    }

    private static List<Path> files(List<Path> folders) throws IOException {
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
            }
        }
        return all;
    }

    private void apply(Path file) throws IOException {
        seen.put(file, version(file));
        String text = Files.readString(file);
        var names = names(applied(text, file, Applying.TRIED));
        for (var other : defined.entrySet()) {
            if (!other.getKey().equals(file) && !Collections.disjoint(other.getValue(), names)) {
                names.retainAll(other.getValue());
                throw Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        file + ": projection: found " + String.join(", ", names) + ", which " + other.getKey()
                                + " defines too, expected it in one file");
            }
        }
        applied(text, file, Applying.REPEATED);
        defined.put(file, names);
    }

    private List<Projections.Applied> applied(String text, Path file, Applying how) {
        try {
            return projections.apply(text, null, file.toString(), how).await(APPLIED_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw Failure.of(
                    Failure.Kind.DEADLINE_EXCEEDED,
                    file + ": found no answer within " + APPLIED_WITHIN_SECONDS + " s, expected it to be applied");
        }
    }

    private static Set<String> names(List<Projections.Applied> applied) {
        return applied.stream().map(Projections.Applied::name).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Version version(Path file) throws IOException {
        return new Version(Files.getLastModifiedTime(file), Files.size(file));
    }

    private void look() {
        try {
            var files = files(folders);
            seen.keySet().retainAll(files);
            defined.keySet().retainAll(files);
            problems.keySet().retainAll(files);
            files.forEach(this::applyIfChanged);
        } catch (IOException gone) {
            LOG.debug(
                    "projection_files_unreadable problem=\"{}\" next=\"they are looked at again\"", gone.getMessage());
        }
    }

    private void applyIfChanged(Path file) {
        try {
            if (problems.containsKey(file) || !version(file).equals(seen.get(file))) {
                apply(file);
                problems.remove(file);
            }
        } catch (IOException unreadable) {
            refused(file, "found a file that cannot be read, expected UTF-8: " + unreadable);
        } catch (Failure invalid) {
            refused(file, String.valueOf(invalid.getMessage()));
        }
    }

    private void refused(Path file, String problem) {
        if (!problem.equals(problems.put(file, problem))) {
            LOG.warn("projection_file_refused file={} problem=\"{}\"", file, problem);
        }
    }

    @Override
    public void close() {
        watcher.shutdownNow();
    }
}
