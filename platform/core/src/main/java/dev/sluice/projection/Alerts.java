package dev.sluice.projection;

import com.fasterxml.jackson.core.JsonFactory;
import dev.sluice.expression.RowFormula;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.RecordedEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The alert of a definition, compiled: tells which rows meet its condition, and makes the event to be appended. */
final class Alerts {
    private static final JsonFactory JSON = new JsonFactory();

    private final String projection;
    private final int generation;
    private final String type;
    private final Columns columns;
    private final RowFormula when;
    private final Function<Function<String, @Nullable Object>, String> stream;

    Alerts(ViewRecord record, Definition.Alert alert, Columns columns) {
        projection = record.name();
        generation = record.generation();
        type = alert.type();
        this.columns = columns;
        Set<String> names = new TreeSet<>(columns.names());
        when = RowFormula.compileCondition(alert.when(), names);
        stream = alert.stream().compile(names);
    }

    /** Whether a row with these cells meets the condition; not where the condition cannot be computed. */
    boolean isMet(String key, @Nullable Object[] cells) {
        return Boolean.TRUE.equals(when.value(row(key, cells)));
    }

    private Function<String, @Nullable Object> row(String key, @Nullable Object[] cells) {
        return column -> column.equals("key") ? key : columns.shown(column, key, cells);
    }

    /** What is appended when an event made a row meet it. The append id is projection, generation, key and position. */
    Append of(RecordedEvent event, String key, @Nullable Object[] cells) {
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
        String to = stream.apply(row(key, cells));
        return new Append(
                "alert/" + id, id.hashCode(), List.of(new Append.StreamWrite(to, Expected.ANY, List.of(alert))));
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
