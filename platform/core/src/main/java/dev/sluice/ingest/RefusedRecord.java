package dev.sluice.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.spi.Source.Header;
import dev.sluice.spi.Source.Partition;
import dev.sluice.spi.Source.RawRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record as a dead letter keeps it: the reverse of {@link DeadLetterEvents}.
 *
 * @param position of the letter
 * @param version of the letter in its stream
 * @param isParked it waits behind another
 * @param attempts how often it was tried
 * @param isCut something of it was too long to be kept
 * @param valueBytes how long the value was before it was cut
 */
record RefusedRecord(
        Position position,
        long version,
        Partition partition,
        RawRecord raw,
        String reason,
        String detail,
        int attempts,
        boolean isCut,
        int valueBytes) {
    /** Nothing was tried before. */
    static final RefusedRecord NONE = new RefusedRecord(
            new Position(0, 1),
            0,
            new Partition("", "", "", 0),
            new RawRecord(0, 0, null, null, List.of()),
            "",
            "",
            0,
            false,
            0);

    static final String PARKED_BEHIND = "parked-behind";

    private static final int EXACT_KEY_BYTES = 64;
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    /** Reads the data of any dead letter; CORRUPT when it is not JSON. */
    static JsonNode data(RecordedEvent letter) {
        try {
            return JSON.readTree(letter.dataArray(), letter.dataStart(), letter.dataLength());
        } catch (IOException unreadable) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found dead letter " + letter.position() + " with data that cannot be read, expected JSON");
        }
    }

    static RefusedRecord of(RecordedEvent letter) {
        JsonNode data = data(letter);
        byte[] value = data.has("valueBase64") ? base64(data.path("valueBase64")) : null;
        return new RefusedRecord(
                letter.position(),
                letter.version(),
                new Partition(
                        "",
                        "",
                        data.path("topic").asText(),
                        data.path("partition").asInt()),
                new RawRecord(
                        data.path("offset").asLong(),
                        data.path("timestamp").asLong(),
                        text(data, "key"),
                        value,
                        headers(data.path("headers"))),
                data.path("reason").asText(),
                data.path("detail").asText(),
                data.path("attempts").asInt(1),
                data.path("truncated").asBoolean(),
                data.path("valueBytes").asInt());
    }

    private static List<Header> headers(JsonNode array) {
        var headers = new ArrayList<Header>(array.size());
        for (JsonNode each : array) {
            headers.add(new Header(each.path("name").asText(), text(each, "value")));
        }
        return headers;
    }

    private static byte @Nullable [] text(JsonNode node, String name) {
        if (node.has(name + "Base64")) {
            return base64(node.path(name + "Base64"));
        }
        JsonNode text = node.path(name);
        return text.isTextual() ? text.asText().getBytes(StandardCharsets.UTF_8) : null;
    }

    private static byte[] base64(JsonNode text) {
        return Base64.getDecoder().decode(text.asText());
    }

    boolean isParked() {
        return reason.equals(PARKED_BEHIND);
    }

    /** What names the key of a record in the log's row of parked keys; null for a record without a key, which waits for none. */
    @Nullable
    String order() {
        return order(raw.key());
    }

    /** A short key as it is, of a longer one a hash of as much as a dead letter keeps of it. */
    static @Nullable String order(byte @Nullable [] key) {
        if (key == null) {
            return null;
        }
        if (key.length <= EXACT_KEY_BYTES) {
            return "=" + new String(key, StandardCharsets.ISO_8859_1);
        }
        try {
            byte[] kept = Arrays.copyOf(key, Math.min(key.length, DeadLetterEvents.MAX_KEY_BYTES));
            return "#"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(kept));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
