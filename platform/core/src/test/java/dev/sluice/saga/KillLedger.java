package dev.sluice.saga;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a participant outside of the killed process has seen, done and undone, in a file that is synced before it answers. It does the same command
 * once, and none that was undone before it came.
 */
final class KillLedger implements AutoCloseable {
    private final FileChannel file;
    private final Set<String> seen = new HashSet<>();
    /** Commands that were done, with the instance that sent them. */
    private final Map<String, String> done = new HashMap<>();

    private final Set<String> undone = new HashSet<>();

    KillLedger(Path path) {
        try {
            Files.createDirectories(path.getParent());
            if (Files.exists(path)) {
                Files.readAllLines(path).forEach(this::take);
            }
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void take(String line) {
        String[] words = line.split(" ");
        switch (words[0]) {
            case "seen" -> seen.add(words[1]);
            case "done" -> done.put(words[1], words[2]);
            case "undone" -> undone.add(words[1]);
            default -> throw new IllegalStateException("found " + line + ", expected seen, done or undone");
        }
    }

    private void write(String line, boolean isSynced) {
        take(line);
        try {
            file.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
            if (isSynced) {
                file.force(false);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    synchronized void see(String command) {
        if (!seen.contains(command)) {
            write("seen " + command, false);
        }
    }

    /** Whether it is done now, or was before; not when it was undone before it came. */
    synchronized boolean carryOut(String command, String instance) {
        if (!done.containsKey(command) && !undone.contains(command)) {
            write("done " + command + " " + instance, true);
        }
        return !undone.contains(command);
    }

    synchronized void undo(String command) {
        if (!undone.contains(command)) {
            write("undone " + command, true);
        }
    }

    synchronized boolean hasDone(String command) {
        return done.containsKey(command);
    }

    synchronized Set<String> seen() {
        return Set.copyOf(seen);
    }

    /** How many effects are in force of each instance. */
    synchronized Map<String, Integer> inForce() {
        var counts = new HashMap<String, Integer>();
        done.forEach((command, instance) -> {
            if (!undone.contains(command)) {
                counts.merge(instance, 1, Integer::sum);
            }
        });
        return counts;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
