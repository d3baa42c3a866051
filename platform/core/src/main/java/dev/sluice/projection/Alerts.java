package dev.sluice.projection;

import com.fasterxml.jackson.core.JsonFactory;
import dev.sluice.expression.RowFormula;
import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamName;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.row.Columns;
import dev.sluice.projection.row.ViewRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The alert of a definition, compiled: tells which rows meet its condition, and makes the events to be appended. It is muted for the
 * events at which its generation is not the one that counts.
 */
final class Alerts {
    private static final int MAX_ID_CHARS = 240;
    private static final JsonFactory JSON = new JsonFactory();

    private final String projection;
    private final int generation;
    private final String type;
    private final Columns columns;
    private final RowFormula when;
    private final Function<Function<String, @Nullable Object>, String> stream;
    private final List<Append> raised = new ArrayList<>();
    private volatile @Nullable Cursor after;
    private volatile @Nullable Cursor until;

    Alerts(ViewRecord record, Definition.Alert alert, Columns columns) {
        projection = record.name();
        generation = record.generation();
        type = alert.type();
        this.columns = columns;
        Set<String> names = new TreeSet<>(columns.names());
        when = RowFormula.compileCondition(alert.when(), names);
        stream = alert.stream().compile(names);
    }

    /** Alerts to events behind a cursor (null: to none) and up to another (null: without end). */
    void sound(@Nullable Cursor from, @Nullable Cursor to) {
        after = from;
        until = to;
    }

    /** Another generation has taken over at a cursor. */
    void soundUntil(Cursor to) {
        until = to;
    }

    /**
     * The alert to a row that an event makes meet the condition; null when it does not, or it is muted. EVALUATION_FAILED when the
     * alert has no stream to go to, also while it is muted: what becomes of an event must be the same in each generation. Fold thread.
     */
    @Nullable
    Append of(RecordedEvent event, String key, @Nullable Object[] cellsBefore, @Nullable Object[] cells) {
        if (!isMet(key, cells) || isMet(key, cellsBefore)) {
            return null;
        }
        String to = stream(key, cells);
        return isMuted(event) ? null : alert(event, key, cells, to);
    }

    /** Whether the condition holds; not where it cannot be computed. */
    private boolean isMet(String key, @Nullable Object[] cells) {
        return Boolean.TRUE.equals(when.value(row(key, cells)));
    }

    private String stream(String key, @Nullable Object[] cells) {
        try {
            return StreamName.check(stream.apply(row(key, cells)));
        } catch (Failure invalid) {
            throw Failure.of(Failure.Kind.EVALUATION_FAILED, String.valueOf(invalid.getMessage()));
        }
    }

    private boolean isMuted(RecordedEvent event) {
        var from = after;
        var to = until;
        return from == null
                || event.offset() <= from.offset(event.shard())
                || to != null && event.offset() > to.offset(event.shard());
    }

    /** What the events of this batch have led to. Fold thread. */
    void raise(List<Append> alerts) {
        raised.addAll(alerts);
    }

    /** The alerts of the batches committed since the last call. Fold thread. */
    List<Append> take() {
        if (raised.isEmpty()) {
            return List.of();
        }
        var taken = List.copyOf(raised);
        raised.clear();
        return taken;
    }

    /** Forgets what the batch at hand has raised. Fold thread. */
    void discard() {
        raised.clear();
    }

    private Function<String, @Nullable Object> row(String key, @Nullable Object[] cells) {
        return column -> column.equals("key") ? key : columns.shown(column, key, cells);
    }

    /** The append id is projection, generation, key and position; a hash of them when the key is long. */
    private Append alert(RecordedEvent event, String key, @Nullable Object[] cells, String to) {
        String id = projection + "/" + generation + "/" + key + "/" + event.position();
        var alert = new Event(
                id,
                type,
                "sluice://projection/" + projection,
                event.recordedMicros(),
                Event.JSON,
                Map.of("causationid", event.id()),
                null,
                data(event, key, cells));
        return new Append(
                "alert/"
                        + (id.length() <= MAX_ID_CHARS
                                ? id
                                : UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8))),
                id.hashCode(),
                List.of(new Append.StreamWrite(to, Expected.ANY, List.of(alert))));
    }

    private byte[] data(RecordedEvent event, String key, @Nullable Object[] cells) {
        var bytes = new ByteArrayOutputStream(256);
        try (var out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("projection", projection);
            out.writeNumberField("generation", generation);
            out.writeStringField("key", key);
            out.writeStringField("position", event.position().toString());
            out.writeFieldName("row");
            out.writeRawValue(new String(columns.json(key, cells, null, false), StandardCharsets.UTF_8));
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }
}
