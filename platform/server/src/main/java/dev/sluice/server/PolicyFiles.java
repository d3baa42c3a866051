package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.resilience.Policy;
import dev.sluice.resilience.PolicyFile;
import dev.sluice.resilience.PolicySet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files with policies, which are one set: applied at start, and again when one has changed, come or gone. While one of them is
 * wrong, or all together are, what was applied before holds. Where no file is at start none is applied too: those of before are gone.
 */
final class PolicyFiles implements AutoCloseable {
    private final Path folder;
    private final WatchedFolders folders;
    private final Applying applying;
    private @Nullable Map<Path, WatchedFolders.Version> applied;

    /** What becomes of a set that compiles. */
    @FunctionalInterface
    interface Applying {
        /**
         * Applies a set on the thread that looks at the files; it may block. A Failure is a problem of the folder, and it is tried again.
         *
         * @param texts what the set was compiled from, by the file's name as places begin with it
         */
        void apply(PolicySet set, Map<String, String> texts);

        /** Hears of a file that cannot be read, once for each problem. */
        default void refused(Path file, Failure problem) {}
    }

    PolicyFiles(Path folder, Applying applying) {
        this.folder = folder;
        this.folders = new WatchedFolders("policy", List.of(folder));
        this.applying = applying;
    }

    /** Applies what is there, then looks for changes until it is closed. CONFIG_INVALID for a folder that cannot be read. */
    void start() {
        folders.start(this::look);
    }

    /** Reads all files and applies none; the number of policies. DEFINITION_INVALID, CONFIG_INVALID. */
    static int check(Path folder) {
        try (var watched = new WatchedFolders("policy", List.of(folder))) {
            var policies = new ArrayList<Policy>();
            watched.files()
                    .forEach(file -> policies.addAll(PolicyFile.read(WatchedFolders.text(file), file.toString())));
            return PolicySet.compile(policies).policies().size();
        }
    }

    /** What is wrong now with which file, or with what they say together: then it is the folder's. */
    Map<Path, String> problems() {
        return folders.problems();
    }

    private void look() {
        var files = folders.files();
        var problems = folders.problems();
        problems.keySet().removeIf(file -> !file.equals(folder) && !files.contains(file));
        if (problems.isEmpty() && !hasChanged(files)) {
            return;
        }
        var reading = new Reading();
        files.forEach(reading::add);
        if (reading.isWhole) {
            apply(reading);
        } else {
            problems.remove(folder);
        }
    }

    private boolean hasChanged(List<Path> files) {
        try {
            var versions = new HashMap<Path, WatchedFolders.Version>();
            files.forEach(file -> versions.put(file, WatchedFolders.version(file)));
            return !versions.equals(applied);
        } catch (Failure unreadable) {
            return true;
        }
    }

    private void apply(Reading reading) {
        try {
            applying.apply(PolicySet.compile(reading.policies), reading.texts);
            applied = reading.versions;
            folders.problems().remove(folder);
        } catch (Failure refused) {
            folders.refuse(folder, refused);
        }
    }

    @Override
    public void close() {
        folders.close();
    }

    /** All files as they are at one look. */
    private final class Reading {
        private final Map<Path, WatchedFolders.Version> versions = new HashMap<>();
        private final Map<String, String> texts = new LinkedHashMap<>();
        private final List<Policy> policies = new ArrayList<>();
        private boolean isWhole = true;

        void add(Path file) {
            try {
                versions.put(file, WatchedFolders.version(file));
                String text = WatchedFolders.text(file);
                policies.addAll(PolicyFile.read(text, file.toString()));
                texts.put(file.toString(), text);
                folders.problems().remove(file);
            } catch (Failure invalid) {
                isWhole = false;
                if (folders.refuse(file, invalid)) {
                    applying.refused(file, invalid);
                }
            }
        }
    }
}
