package dev.sluice.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.log.Event;
import dev.sluice.log.Origin;
import dev.sluice.log.Position;
import dev.sluice.shard.Utf8;
import dev.sluice.spi.Source.Header;
import dev.sluice.spi.Source.Partition;
import dev.sluice.spi.Source.RawRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the dead letters of a source: events of type {@link #TYPE} that keep the refused record as it came. Immutable.
 *
 * <p>Data: {@code consumer reason detail attempts retriedFrom behind topic partition offset timestamp key headers valueBase64
 * valueBytes}; a key or header that is not UTF-8 stands as {@code keyBase64}. A value is kept whole when the letter then fits the
 * log's limit; what is longer than its limit is cut and {@code "truncated":true} says so.
 */
final class DeadLetterEvents {
    static final String TYPE = "DeadLettered";
    /** A key that is longer is cut. */
    static final int MAX_KEY_BYTES = 4 << 10;

    private static final int CUT_VALUE_BYTES = 64 << 10;
    private static final int MAX_HEADERS_BYTES = 16 << 10;
    private static final int MAX_DETAIL_CHARS = 1_000;
    /** What all but the value may take, written in JSON at its longest. */
    private static final int MAX_REST_BYTES = 160 << 10;

    private static final JsonFactory JSON = new JsonFactory();

    private final String consumer;
    private final int cutValueBytes;
    private final int wholeValueBytes;

    /** @param maxEventBytes of the log: a dead letter must fit as well */
    DeadLetterEvents(String source, int maxEventBytes) {
        this.consumer = "source:" + source;
        this.cutValueBytes = Math.max(0, Math.min(CUT_VALUE_BYTES, (maxEventBytes - (64 << 10)) / 2));
        this.wholeValueBytes = Math.max(cutValueBytes, (maxEventBytes - MAX_REST_BYTES) / 4 * 3);
    }

    /**
     * Why a record is a dead letter.
     *
     * @param from what was retried, {@link RefusedRecord#NONE} for a record that comes from its source
     * @param behind the letter that it waits behind, null for none
     */
    record Why(
            String reason,
            String detail,
            RefusedRecord from,
            @Nullable Position behind) {}

    Event of(Partition partition, RawRecord raw, Why why) {
        int attempts = why.from.attempts() + 1;
        return new Event(
                partition.topic() + "/" + partition.partition() + "/" + raw.offset()
                        + (attempts == 1 ? "" : "/" + attempts),
                TYPE,
                "sluice://" + consumer.replace(':', '/'),
                Math.max(0, raw.timestampMillis()) * 1_000,
                Event.JSON,
                Map.of(),
                new Origin(partition.topic(), partition.partition(), raw.offset()),
                data(partition, raw, why, attempts));
    }

    private byte[] data(Partition partition, RawRecord raw, Why why, int attempts) {
        var bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("consumer", consumer);
            out.writeStringField("reason", why.reason);
            String detail = why.detail;
            out.writeStringField("detail", detail.substring(0, Math.min(detail.length(), MAX_DETAIL_CHARS)));
            if (attempts > 1) {
                out.writeNumberField("attempts", attempts);
                out.writeStringField("retriedFrom", why.from.position().toString());
            }
            if (why.behind != null) {
                out.writeStringField("behind", why.behind.toString());
            }
            out.writeStringField("topic", partition.topic());
            out.writeNumberField("partition", partition.partition());
            out.writeNumberField("offset", raw.offset());
            out.writeNumberField("timestamp", raw.timestampMillis());
            boolean isCut = text(out, "key", raw.key(), MAX_KEY_BYTES);
            isCut |= headers(out, raw);
            isCut |= value(out, raw.value(), why.from);
            if (isCut || why.from.isCut()) {
                out.writeBooleanField("truncated", true);
            }
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private boolean value(JsonGenerator out, byte @Nullable [] value, RefusedRecord from) throws IOException {
        if (value == null) {
            return false;
        }
        boolean isCut = value.length > wholeValueBytes;
        byte[] kept = isCut ? cut(value, cutValueBytes) : value;
        out.writeStringField("valueBase64", Base64.getEncoder().encodeToString(kept));
        out.writeNumberField("valueBytes", Math.max(value.length, from.valueBytes()));
        return isCut;
    }

    private static boolean headers(JsonGenerator out, RawRecord raw) throws IOException {
        if (raw.headers().isEmpty()) {
            return false;
        }
        int left = MAX_HEADERS_BYTES;
        boolean isCut = false;
        out.writeArrayFieldStart("headers");
        for (Header header : raw.headers()) {
            byte[] value = header.value();
            left -= header.name().length() + (value == null ? 0 : value.length) + 32;
            if (left < 0) {
                isCut = true;
                break;
            }
            out.writeStartObject();
            out.writeStringField("name", header.name());
            text(out, "value", value, MAX_HEADERS_BYTES);
            out.writeEndObject();
        }
        out.writeEndArray();
        return isCut;
    }

    private static boolean text(JsonGenerator out, String name, byte @Nullable [] value, int maxBytes)
            throws IOException {
        if (value == null) {
            out.writeNullField(name);
            return false;
        }
        if (value.length <= maxBytes && Utf8.isValid(value)) {
            out.writeStringField(name, new String(value, StandardCharsets.UTF_8));
            return false;
        }
        out.writeStringField(name + "Base64", Base64.getEncoder().encodeToString(cut(value, maxBytes)));
        return value.length > maxBytes;
    }

    private static byte[] cut(byte[] value, int maxBytes) {
        return value.length <= maxBytes ? value : Arrays.copyOf(value, maxBytes);
    }
}
