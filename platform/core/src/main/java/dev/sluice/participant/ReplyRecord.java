package dev.sluice.participant;

import dev.sluice.log.Failure;
import dev.sluice.spi.ParticipantReply;
import dev.sluice.spi.Source;
import dev.sluice.spi.Source.RawRecord;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a record of a reply topic says: which command it answers, and how. */
final class ReplyRecord {
    private static final int MAX_BYTES = 1 << 20;

    private ReplyRecord() {}

    /** The id of the command, null when the record names none. */
    static @Nullable String commandId(RawRecord given) {
        return header(given, "ce_commandid");
    }

    /** The reply; throws OUTCOME_UNKNOWN when it cannot be read. */
    static ParticipantReply read(RawRecord given) {
        byte[] value = given.value();
        if (value != null && value.length > MAX_BYTES) {
            throw unreadable("found " + value.length + " bytes, expected at most " + MAX_BYTES);
        }
        var json = JsonText.parse(value);
        if (json == null) {
            throw unreadable("found a value that is no JSON, expected JSON or none");
        }
        String rejected = header(given, "ce_rejected");
        if (rejected != null) {
            if (rejected.isEmpty()) {
                throw unreadable("found an empty ce_rejected, expected the code of a rejection");
            }
            return Rejection.of(rejected, json);
        }
        String type = header(given, "ce_type");
        return new ParticipantReply(false, type == null ? "" : type, json.bytes());
    }

    private static Failure unreadable(String why) {
        return Failure.of(Failure.Kind.OUTCOME_UNKNOWN, "the reply cannot be read: " + why);
    }

    private static @Nullable String header(RawRecord given, String name) {
        for (Source.Header header : given.headers()) {
            byte[] value = header.value();
            if (header.name().equals(name) && value != null) {
                return new String(value, StandardCharsets.UTF_8);
            }
        }
        return null;
    }
}
