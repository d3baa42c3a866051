package dev.sluice.ingest;

import dev.sluice.ingest.DeadLetterEvents.Why;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Origin;
import dev.sluice.log.Position;
import dev.sluice.log.SourceBatch.Ordered;
import dev.sluice.log.SourceBatch.SourceEvent;
import dev.sluice.log.StreamName;
import dev.sluice.shard.CloudEventsJson;
import dev.sluice.shard.Tags;
import dev.sluice.shard.Utf8;
import dev.sluice.spi.Source.Header;
import dev.sluice.spi.Source.Partition;
import dev.sluice.spi.Source.RawRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns the records of one partition into events: CloudEvents in the Kafka protocol binding's binary and structured modes
 * (cloudevents/spec v1.0.2, bindings/kafka-protocol-binding.md), everything else by the templates of its source; what cannot
 * become an event becomes its dead letter. One thread at a time.
 */
final class RecordMapper {
    private static final String PREFIX = "ce_";
    private static final byte[] NO_DATA = new byte[0];
    private static final String WAS_CUT = "found a record that was cut when it was stored, expected a whole one";
    private static final Set<String> GIVEN_ON_READING = Set.of(
            "streamversion", "position", "recordedtime", "cursor", "kafkatopic", "kafkapartition", "kafkaoffset");

    private final SourceConfig config;
    private final Partition partition;
    private final int maxEventBytes;
    private final String deadLetterStream;
    private final DeadLetterEvents deadLetters;
    private final String idPrefix;
    private final Template stream;
    private final @Nullable Template type;
    private final Template source;
    private final DataPaths paths;
    private final RecordValues values = new RecordValues();
    private RefusedRecord from = RefusedRecord.NONE;

    RecordMapper(SourceConfig config, Partition partition, int maxEventBytes, String deadLetterStream) {
        this.config = config;
        this.partition = partition;
        this.maxEventBytes = maxEventBytes;
        this.deadLetterStream = deadLetterStream;
        this.deadLetters = new DeadLetterEvents(config.name(), maxEventBytes);
        this.idPrefix = partition.topic() + "/" + partition.partition() + "/";
        this.stream = Template.parse("stream", config.stream()).bind(partition.topic(), partition.partition());
        this.source = Template.parse("source", config.source()).bind(partition.topic(), partition.partition());
        this.type = config.type() == null
                ? null
                : Template.parse("type", config.type()).bind(partition.topic(), partition.partition());
        var needed = new ArrayList<>(stream.dataPaths());
        needed.addAll(source.dataPaths());
        if (type != null) {
            needed.addAll(type.dataPaths());
        }
        this.paths = new DataPaths(needed);
    }

    /** The event of a record or its dead letter; null for a tombstone that is ignored. */
    @Nullable
    SourceEvent map(RawRecord raw) {
        return map(raw, RefusedRecord.NONE);
    }

    /** The event of a record that was refused before, or its next dead letter. */
    @Nullable
    SourceEvent mapAgain(RefusedRecord refused) {
        return refused.isCut()
                ? letter(refused.raw(), new Why(Refusal.TRUNCATED, WAS_CUT, refused, null))
                : map(refused.raw(), refused);
    }

    private @Nullable SourceEvent map(RawRecord raw, RefusedRecord before) {
        from = before;
        try {
            return mapped(raw);
        } catch (Refusal refusal) {
            return letter(raw, new Why(refusal.reason(), refusal.detail(), before, null));
        }
    }

    private SourceEvent letter(RawRecord raw, Why why) {
        return new SourceEvent(
                raw.offset(), deadLetterStream, Expected.ANY, deadLetters.of(partition, raw, why), null, ordered(raw));
    }

    private @Nullable Ordered ordered(RawRecord raw) {
        String key = config.isParking() ? RefusedRecord.order(raw.key()) : null;
        return key == null ? null : new Ordered(key, head -> parked(raw, head));
    }

    private Event parked(RawRecord raw, Position head) {
        String detail = "a record of this key before it is dead letter " + head;
        return deadLetters.of(partition, raw, new Why(RefusedRecord.PARKED_BEHIND, detail, RefusedRecord.NONE, head));
    }

    private @Nullable SourceEvent mapped(RawRecord raw) {
        values.begin(raw);
        String contentType = null;
        boolean isBinary = false;
        for (int i = 0; i < raw.headers().size(); i++) {
            Header header = raw.headers().get(i);
            if (header.name().equalsIgnoreCase("content-type")) {
                contentType = text(header);
            } else if (header.name().startsWith(PREFIX)) {
                isBinary = true;
            }
        }
        if (contentType != null && contentType.toLowerCase(Locale.ROOT).startsWith("application/cloudevents")) {
            return structured(raw, contentType);
        }
        return isBinary ? binary(raw, contentType) : plain(raw, contentType);
    }

    private SourceEvent structured(RawRecord raw, String contentType) {
        if (!mediaType(contentType).equals("application/cloudevents+json")) {
            throw new Refusal(
                    Refusal.BAD_CLOUDEVENT,
                    "found content type " + contentType
                            + ", expected application/cloudevents+json (one event a record)");
        }
        byte[] value = raw.value();
        if (value == null) {
            throw new Refusal(Refusal.BAD_CLOUDEVENT, "found no value, expected a CloudEvent in JSON");
        }
        CloudEventsJson.Incoming incoming;
        try {
            incoming = CloudEventsJson.parse(value, timeMicros(raw));
        } catch (Failure invalid) {
            throw new Refusal(Refusal.BAD_CLOUDEVENT, invalid.getMessage());
        }
        Event given = incoming.event();
        String named = incoming.stream();
        if (named == null && !paths.isEmpty() && given.isJson() && given.data().length > 0) {
            values.data = pluck(given.data());
        }
        var event = new Event(
                given.id(),
                given.type(),
                given.source(),
                given.timeMicros(),
                given.contentType(),
                given.attributes(),
                origin(raw),
                given.data());
        return accepted(raw, named, incoming.expectedVersion(), event);
    }

    private SourceEvent binary(RawRecord raw, @Nullable String givenContentType) {
        var attributes = new LinkedHashMap<String, Object>();
        for (Header header : raw.headers()) {
            if (header.name().startsWith(PREFIX)) {
                String name = header.name().substring(PREFIX.length());
                if (!CloudEventsJson.isAttributeName(name)) {
                    throw new Refusal(
                            Refusal.BAD_CLOUDEVENT,
                            "found header " + header.name() + ", expected ce_ and lower-case letters and digits");
                }
                attributes.put(name, text(header));
            }
        }
        String version = required(attributes, "specversion");
        if (!version.equals("1.0")) {
            throw new Refusal(Refusal.BAD_CLOUDEVENT, "found ce_specversion '" + version + "', expected 1.0");
        }
        String id = required(attributes, "id");
        String eventSource = required(attributes, "source");
        String eventType = required(attributes, "type");
        String named = (String) attributes.remove("stream");
        String expected = (String) attributes.remove("expectedversion");
        long timeMicros = time(raw, (String) attributes.remove("time"));
        attributes.remove("datacontenttype");
        attributes.keySet().removeAll(GIVEN_ON_READING);
        String contentType = givenContentType == null ? Event.JSON : givenContentType;
        byte[] data = raw.value() == null ? NO_DATA : raw.value();
        if (data.length > 0 && Event.isJson(contentType)) {
            check(data);
        }
        var event = new Event(
                id,
                eventType,
                eventSource,
                timeMicros,
                contentType,
                attributes.isEmpty() ? Map.of() : attributes,
                origin(raw),
                data);
        return accepted(raw, named, expected, event);
    }

    private @Nullable SourceEvent plain(RawRecord raw, @Nullable String givenContentType) {
        byte[] value = raw.value();
        String eventType;
        String contentType = givenContentType == null ? Event.JSON : givenContentType;
        if (value != null) {
            if (Event.isJson(contentType)) {
                check(value);
            }
            eventType = plainType();
        } else if (config.tombstone() instanceof SourceConfig.Tombstone.AppendType append) {
            eventType = append.type();
        } else if (config.tombstone() instanceof SourceConfig.Tombstone.DeadLetter) {
            throw new Refusal(Refusal.TOMBSTONE, "found no value, expected one (tombstone: dead-letter)");
        } else {
            return null;
        }
        String traceparent = raw.headers().isEmpty() ? null : values.header("traceparent");
        String eventSource = source.render(values);
        var event = new Event(
                idPrefix + raw.offset(),
                eventType,
                eventSource == null ? "kafka://" + partition.topic() : eventSource,
                timeMicros(raw),
                contentType,
                traceparent == null ? Map.of() : Map.of("traceparent", traceparent),
                origin(raw),
                value == null ? NO_DATA : value);
        return accepted(raw, null, null, event);
    }

    private String plainType() {
        String rendered = type == null ? values.header("type") : type.render(values);
        return rendered == null || rendered.isEmpty() ? partition.topic() : rendered;
    }

    private SourceEvent accepted(RawRecord raw, @Nullable String named, @Nullable String expectedText, Event event) {
        try {
            Tags.check(event.attributes().get("tags"));
        } catch (Failure invalid) {
            throw new Refusal(Refusal.BAD_CLOUDEVENT, invalid.getMessage());
        }
        String name = named == null ? stream.render(values) : named;
        if (name == null) {
            throw new Refusal(
                    Refusal.NO_STREAM,
                    "found no " + stream.missing(values) + " in the record, expected it for the stream " + stream);
        }
        if (StreamName.isPlatform(name)) {
            throw new Refusal(
                    Refusal.PLATFORM_STREAM, "found stream " + name + ", expected one that does not begin with $");
        }
        checkStream(name);
        checkSize(event);
        Expected expected = config.refused().onConflictAppend() ? Expected.ANY : expected(expectedText);
        RefusedRecord before = from;
        return new SourceEvent(
                raw.offset(), name, expected, event, failure -> refused(raw, failure, before), ordered(raw));
    }

    /** The dead letter of a record that the shard refuses; whatever it is, one record never fails its group. */
    private Event refused(RawRecord raw, Failure failure, RefusedRecord before) {
        String reason =
                switch (failure.kind()) {
                    case WRONG_EXPECTED_VERSION -> Refusal.WRONG_EXPECTED_VERSION;
                    case EVENT_TOO_LARGE -> Refusal.TOO_LARGE;
                    case INVALID_STREAM -> Refusal.NO_STREAM;
                    default -> failure.kind().code().replace('_', '-');
                };
        return deadLetters.of(partition, raw, new Why(reason, failure.getMessage(), before, null));
    }

    private static void checkStream(String name) {
        try {
            StreamName.check(name);
        } catch (Failure invalid) {
            throw new Refusal(Refusal.NO_STREAM, invalid.getMessage());
        }
    }

    private void checkSize(Event event) {
        long bytes = event.size();
        if (bytes > maxEventBytes) {
            throw new Refusal(
                    Refusal.TOO_LARGE, "found an event of " + bytes + " bytes, expected at most " + maxEventBytes);
        }
    }

    private static Expected expected(@Nullable String text) {
        try {
            return text == null ? Expected.ANY : Expected.parse(text);
        } catch (Failure invalid) {
            throw new Refusal(Refusal.BAD_CLOUDEVENT, invalid.getMessage());
        }
    }

    /** Checks that data is JSON and takes what the templates need of it, in one pass. */
    private void check(byte[] data) {
        if (paths.isEmpty()) {
            try {
                CloudEventsJson.checkJson(data);
            } catch (Failure malformed) {
                throw new Refusal(Refusal.BAD_JSON, malformed.getMessage());
            }
        } else {
            values.data = pluck(data);
        }
    }

    private @Nullable String[] pluck(byte[] data) {
        try {
            return paths.pluck(data);
        } catch (Failure malformed) {
            throw new Refusal(Refusal.BAD_JSON, malformed.getMessage());
        }
    }

    private static String required(Map<String, Object> attributes, String name) {
        if (attributes.remove(name) instanceof String value && !value.isEmpty()) {
            return value;
        }
        throw new Refusal(
                Refusal.BAD_CLOUDEVENT,
                "found no header ce_" + name + ", expected ce_specversion, ce_id, ce_source and ce_type");
    }

    private static String text(Header header) {
        byte[] value = header.value();
        if (value == null || !Utf8.isValid(value)) {
            throw new Refusal(
                    Refusal.BAD_CLOUDEVENT,
                    "found " + (value == null ? "no value" : "bytes that are not UTF-8") + " in header " + header.name()
                            + ", expected text");
        }
        return new String(value, StandardCharsets.UTF_8);
    }

    private static String mediaType(String contentType) {
        int semicolon = contentType.indexOf(';');
        return (semicolon < 0 ? contentType : contentType.substring(0, semicolon))
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    private static long time(RawRecord raw, @Nullable String text) {
        try {
            return text == null ? timeMicros(raw) : CloudEventsJson.micros(text);
        } catch (Failure invalid) {
            throw new Refusal(Refusal.BAD_CLOUDEVENT, invalid.getMessage());
        }
    }

    private static long timeMicros(RawRecord raw) {
        return Math.max(0, raw.timestampMillis()) * 1_000;
    }

    private Origin origin(RawRecord raw) {
        return new Origin(partition.topic(), partition.partition(), raw.offset());
    }

    /** The variables of the record at hand, decoded when a template asks. */
    private final class RecordValues implements Template.Values {
        private List<Header> headers = List.of();
        private byte @Nullable [] keyBytes;
        private @Nullable String @Nullable [] data;

        void begin(RawRecord raw) {
            headers = raw.headers();
            keyBytes = raw.key();
            data = null;
        }

        @Override
        public @Nullable String key() {
            if (keyBytes == null) {
                return null;
            }
            String key = new String(keyBytes, StandardCharsets.UTF_8);
            if (key.indexOf('\uFFFD') >= 0 && !Utf8.isValid(keyBytes)) {
                throw new Refusal(Refusal.NO_STREAM, "found a key that is not UTF-8, expected text for the stream");
            }
            return key;
        }

        @Override
        public @Nullable String header(String name) {
            for (int i = headers.size() - 1; i >= 0; i--) {
                if (headers.get(i).name().equals(name)) {
                    byte[] value = headers.get(i).value();
                    return value == null || !Utf8.isValid(value) ? null : new String(value, StandardCharsets.UTF_8);
                }
            }
            return null;
        }

        @Override
        public @Nullable String data(String path) {
            int index = paths.index(path);
            return data == null || index < 0 ? null : data[index];
        }
    }
}
