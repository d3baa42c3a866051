package dev.sluice.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sluice.log.Appended;
import dev.sluice.log.Failure;
import dev.sluice.log.Remembered;
import dev.sluice.log.ShardTransaction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a command was answered, kept under (stream, command id): for the retention of append ids, or, as a row of the shard, as long as
 * the stream. Its detail: outcome byte, then the rejection in JSON.
 *
 * @param digest of what was asked
 * @param decided ACCEPTED, NOTHING, REJECTED, or null: voided before it came
 * @param lastOffset of its last event; when it has none, of the last event before it
 * @param version of the stream behind it
 * @param count of its events, which are the last ones up to {@code version}
 */
record Known(
        long digest,
        @Nullable Outcome decided,
        long lastOffset,
        long version,
        int count,
        @Nullable Rejection rejection) {
    /** No append id begins with it. */
    private static final char NO_APPEND_ID = '\0';

    private static final byte VOIDED = 0;
    private static final byte ACCEPTED = 1;
    private static final byte NOTHING = 2;
    private static final byte REJECTED = 3;
    private static final ObjectReader REJECTIONS = Mapping.EVENTS.readerFor(Rejection.class);

    static Known voided(long lastOffset, long version) {
        return new Known(0, null, lastOffset, version, 0, null);
    }

    /** Null when nothing is known of the id. */
    static @Nullable Known find(ShardTransaction shard, String stream, String commandId) {
        byte[] row = shard.get(rowKey(stream, commandId));
        var remembered = row != null ? Remembered.decode(row) : shard.remembered(rememberedKey(stream, commandId));
        return remembered == null ? null : of(remembered);
    }

    /** Keeps it together with the write's events. */
    void keep(ShardTransaction shard, String stream, String commandId, boolean asLongAsStream) {
        var remembered = new Remembered(
                digest,
                lastOffset - Math.max(0, count - 1),
                count,
                shard.nowMicros(),
                List.of(new Appended.StreamVersions(stream, version - count + 1, version)),
                detail());
        if (asLongAsStream) {
            shard.put(rowKey(stream, commandId), remembered.encode());
        } else {
            shard.remember(rememberedKey(stream, commandId), remembered);
        }
    }

    private static String rowKey(String stream, String commandId) {
        return "command/" + stream + '\0' + commandId;
    }

    private static String rememberedKey(String stream, String commandId) {
        return NO_APPEND_ID + stream + '\0' + commandId;
    }

    private static Known of(Remembered remembered) {
        byte[] detail = remembered.detail();
        int count = remembered.count();
        return new Known(
                remembered.digest(),
                outcome(detail[0]),
                remembered.first() + Math.max(0, count - 1),
                remembered.streams().get(0).lastVersion(),
                count,
                detail.length == 1 ? null : rejection(detail));
    }

    private static @Nullable Outcome outcome(byte code) {
        return switch (code) {
            case VOIDED -> null;
            case ACCEPTED -> Outcome.ACCEPTED;
            case NOTHING -> Outcome.NOTHING;
            case REJECTED -> Outcome.REJECTED;
            default ->
                throw Failure.of(
                        Failure.Kind.NEWER_FORMAT,
                        "found the answer of a command of code " + code + ", expected 0 to 3");
        };
    }

    private static Rejection rejection(byte[] detail) {
        try {
            return REJECTIONS.readValue(detail, 1, detail.length - 1);
        } catch (IOException torn) {
            throw new UncheckedIOException("found a rejection that cannot be read", torn);
        }
    }

    private byte[] detail() {
        byte code = decided == null
                ? VOIDED
                : decided == Outcome.ACCEPTED ? ACCEPTED : decided == Outcome.NOTHING ? NOTHING : REJECTED;
        if (rejection == null) {
            return new byte[] {code};
        }
        try {
            byte[] json = Mapping.EVENTS.writeValueAsBytes(rejection);
            byte[] detail = new byte[1 + json.length];
            detail[0] = code;
            System.arraycopy(json, 0, detail, 1, json.length);
            return detail;
        } catch (JsonProcessingException refused) {
            throw new UncheckedIOException("found a rejection that cannot be written", refused);
        }
    }
}
