package dev.sluice.projection;

import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.RowStore;
import dev.sluice.projection.definition.DefinitionFile;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.projection.row.Epochs;
import dev.sluice.projection.row.RowBudget;
import dev.sluice.projection.row.ViewRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/** A projection that is folded in memory, by the code of the fold thread: what the test kit, in another package, has of this room. */
public final class TriedProjection {
    private static final int VIEW = 0;
    private static final Table.Identity IDENTITY = new Table.Identity(1, 1);

    private final DefinitionFile.Written written;
    private final JavaProjections java = new JavaProjections();

    private TriedProjection(DefinitionFile.Written written) {
        this.written = written;
    }

    public static TriedProjection of(Projection<?> projection) {
        var tried = new TriedProjection(projection.written());
        tried.java.add(projection);
        return tried;
    }

    /** The one definition in a text; DEFINITION_INVALID. */
    public static TriedProjection of(String yaml) {
        var written = DefinitionFile.read(yaml, "the definition");
        return new TriedProjection(
                DefinitionFile.only(written, written.get(0).definition().name()));
    }

    /** The JSON of rows by their keys, and what is wrong with the events that cannot be folded, by their number from 0. */
    public record Folded(TreeMap<String, String> rows, TreeMap<Long, String> letters) {}

    /**
     * Folds events into a table of their own.
     *
     * @param commits so many events are folded when it commits, ascending; it does at the end
     */
    public Folded fold(List<Projections.Given> given, List<Integer> commits) {
        var definition = written.definition();
        var record = new ViewRecord(VIEW, definition.name(), 1, written.text(), Epochs.NONE, Checkpoint.start(1));
        var table = new Table(record, definition, IDENTITY, Ground.ROWS, RowBudget.none(), java);
        var program = new Program(List.of(table), Ground.LOG);
        var letters = new Letters();
        var events = GivenEvent.recorded(given);
        int from = 0;
        for (int to : commits) {
            fold(program, table, events.subList(from, to), letters);
            from = to;
        }
        fold(program, table, events.subList(from, events.size()), letters);
        var rows = new TreeMap<String, String>();
        for (var row : new TableReads(table)
                .rows("", null, Projections.MAX_TESTED, null)
                .rows()) {
            byte[] json = Objects.requireNonNull(row.row()).json();
            rows.put(row.key(), new String(json, StandardCharsets.UTF_8));
        }
        return new Folded(rows, letters.byNumber);
    }

    private static void fold(Program program, Table table, List<RecordedEvent> batch, Letters letters) {
        if (!batch.isEmpty()) {
            var last = batch.get(batch.size() - 1);
            program.clear();
            program.add(batch);
            program.fold(table, letters);
            table.commit(new long[] {last.offset()}, last.recordedMicros(), false);
        }
    }

    private static final class Letters implements Program.Outcomes {
        final TreeMap<Long, String> byNumber = new TreeMap<>();

        @Override
        public void refused(Table table, RecordedEvent event, Program.Refusal refusal) {
            byNumber.put(event.offset() - 1, refusal.detail());
        }

        @Override
        public void broken(Table table, RuntimeException bug) {
            throw bug;
        }
    }

    /** What all tables stand on: a store and a log that nothing is ever written to, as long as the process lives. */
    private static final class Ground {
        private static final long STORE_BYTES = 1 << 20;
        private static final Path FOLDER = folder();

        static final RowStore ROWS = RowStore.open(FOLDER.resolve("rows"), STORE_BYTES);
        static final Log LOG = Log.open(FOLDER.resolve("log"), LogOptions.defaults());

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(Ground::close, "tried-projections"));
        }

        private static Path folder() {
            try {
                return Files.createTempDirectory("sluice-projections");
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        private static void close() {
            LOG.close();
            ROWS.close();
            try (var files = Files.walk(FOLDER)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            } catch (IOException left) {
                throw new UncheckedIOException(left);
            }
        }
    }
}
