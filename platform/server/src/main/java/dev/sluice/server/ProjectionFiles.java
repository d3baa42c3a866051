package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.projection.Projections;
import dev.sluice.projection.Projections.Applying;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * The files with definitions: applied at start, and again when one has changed. A file is a PUT repeated with the same content,
 * so it has no effect when nothing changed. One that cannot be applied leaves what it defined before as it was; one that is
 * removed leaves its projections alone.
 */
final class ProjectionFiles implements AutoCloseable {
    private static final long APPLIED_WITHIN_SECONDS = 60;

    private final WatchedFolders folders;
    private final Projections projections;
    private final Map<Path, WatchedFolders.Version> seen = new HashMap<>();
    /** The projections that each file defines. */
    private final Map<Path, Set<String>> defined = new HashMap<>();

    ProjectionFiles(List<Path> folders, Projections projections) {
        this.folders = new WatchedFolders("projection", folders);
        this.projections = projections;
    }

    /** Applies all of them that can be, then looks for changes until it is closed. CONFIG_INVALID for a folder that cannot be read. */
    void start() {
        folders.start(this::look);
    }

    /** Reads all files and applies none; the number of definitions. DEFINITION_INVALID, CONFIG_INVALID. */
    static int check(List<Path> folders) {
        try (var watched = new WatchedFolders("projection", folders)) {
            return watched.files().stream()
                    .mapToInt(file -> Projections.check(WatchedFolders.text(file), file.toString()))
                    .sum();
        }
    }

    /** What is wrong with which file now. */
    Map<Path, String> problems() {
        return folders.problems();
    }

    private void look() {
        var files = folders.files();
        seen.keySet().retainAll(files);
        defined.keySet().retainAll(files);
        folders.problems().keySet().retainAll(files);
        files.forEach(this::applyIfChanged);
    }

    private void applyIfChanged(Path file) {
        try {
            if (folders.problems().containsKey(file)
                    || !WatchedFolders.version(file).equals(seen.get(file))) {
                apply(file);
                folders.problems().remove(file);
            }
        } catch (Failure invalid) {
            folders.refuse(file, invalid);
        }
    }

    private void apply(Path file) {
        seen.put(file, WatchedFolders.version(file));
        String text = WatchedFolders.text(file);
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

    @Override
    public void close() {
        folders.close();
    }
}
