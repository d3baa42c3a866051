package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The process engine's program; each run is a new engine on a new database. */
final class FlowsProcess implements AutoCloseable {
    /** Of the process that it runs. */
    static final int TASKS = 3;

    private static final String URL = "jdbc.url";

    private final Map<String, String> settings;
    private final SideProgram program;

    /**
     * @param folder for its output
     * @param more settings that win over those below
     */
    FlowsProcess(Path folder, Map<String, String> more) throws IOException {
        settings = new LinkedHashMap<>(Map.of(
                "jdbc.user", "sa",
                "executor.threads", "8",
                "executor.queue", "4096",
                "executor.acquire", "512",
                "starters", "4",
                "order.bytes", "256"));
        settings.putAll(more);
        program = new SideProgram("flows", "FlowsMain", folder);
    }

    /**
     * Runs so many instances, at most {@code live} at once; an event is a task. The time runs from the first start until the
     * transaction that ends the last instance is committed.
     */
    Run run(long instances, int live, Path databaseFolder) throws IOException {
        var words = new ArrayList<>(List.of(String.valueOf(instances), String.valueOf(live)));
        var all = new LinkedHashMap<>(settings);
        all.putIfAbsent(
                URL,
                "jdbc:hsqldb:file:" + databaseFolder.resolve("flows") + ";hsqldb.tx=mvcc;hsqldb.write_delay=false");
        all.forEach((key, value) -> words.add(key + "=" + value));
        var run = program.run(words, instances * TASKS);
        long tasks = Long.parseLong(program.answer());
        if (tasks < run.events()) {
            throw new IllegalStateException("found %,d tasks executed by the process engine, expected at least %,d"
                    .formatted(tasks, run.events()));
        }
        return run;
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}
