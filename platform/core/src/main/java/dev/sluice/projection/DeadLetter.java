package dev.sluice.projection;

import com.fasterxml.jackson.core.JsonFactory;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.RecordedEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** The dead letter of an event that a projection could not fold, as it is appended to {@code $dlq.projection-<name>}. */
final class DeadLetter {
    private static final int MAX_DETAIL_CHARS = 2_000;
    private static final JsonFactory JSON = new JsonFactory();

    private DeadLetter() {}

    /** The append id is projection, generation, position and attempt. */
    static Append of(Table table, RecordedEvent event, Program.Refusal refusal) {
        String again = refusal.attempts() == 1 ? "" : "/" + refusal.attempts();
        String id = table.name() + "/" + table.generation() + "/" + event.position() + again;
        var letter = new Event(
                id,
                "DeadLettered",
                "sluice://projection/" + table.name(),
                event.recordedMicros(),
                Event.JSON,
                Map.of(),
                null,
                data(table, event, refusal));
        String stream = "$dlq.projection-" + table.name();
        return new Append(
                "dlq/" + id, id.hashCode(), List.of(new Append.StreamWrite(stream, Expected.ANY, List.of(letter))));
    }

    private static byte[] data(Table table, RecordedEvent event, Program.Refusal refusal) {
        var bytes = new ByteArrayOutputStream(256);
        try (var out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("consumer", "projection:" + table.name());
            out.writeStringField("reason", "evaluation-failed");
            String detail = refusal.detail();
            out.writeStringField(
                    "detail", detail.length() > MAX_DETAIL_CHARS ? detail.substring(0, MAX_DETAIL_CHARS) : detail);
            out.writeStringField("position", event.position().toString());
            out.writeStringField("stream", event.stream());
            out.writeNumberField("version", event.version());
            out.writeStringField("type", event.type());
            out.writeStringField("id", event.id());
            out.writeNumberField("generation", table.generation());
            if (refusal.key() != null) {
                out.writeStringField("key", refusal.key());
            }
            out.writeNumberField("attempts", refusal.attempts());
            if (refusal.retriedFrom() != null) {
                out.writeStringField("retriedFrom", refusal.retriedFrom().toString());
            }
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }
}
