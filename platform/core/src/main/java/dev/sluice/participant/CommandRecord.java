package dev.sluice.participant;

import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.Source;
import dev.sluice.spi.Source.RawRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Commands as records of a topic, CloudEvents in binary mode. */
final class CommandRecord {
    private CommandRecord() {}

    /** The key of the saga is that of the record: its commands to a topic, undo included, stay in order. */
    static RawRecord of(ParticipantCommand command, String replyTopic, @Nullable String traceparent) {
        var headers = new ArrayList<Source.Header>();
        add(headers, "content-type", "application/json");
        add(headers, "ce_specversion", "1.0");
        add(headers, "ce_id", command.commandId());
        add(headers, "ce_type", command.type());
        add(headers, "ce_source", CommandEvent.source(command));
        add(headers, "ce_commandid", command.commandId());
        add(headers, "ce_undoes", command.undoes());
        add(headers, "ce_correlationid", command.correlation());
        add(headers, "ce_replyto", replyTopic);
        add(headers, "traceparent", traceparent);
        byte[] key = CommandEvent.key(command).getBytes(StandardCharsets.UTF_8);
        return new RawRecord(-1, -1, key, command.data(), List.copyOf(headers));
    }

    private static void add(List<Source.Header> headers, String name, @Nullable String value) {
        if (value != null) {
            headers.add(new Source.Header(name, value.getBytes(StandardCharsets.UTF_8)));
        }
    }
}
