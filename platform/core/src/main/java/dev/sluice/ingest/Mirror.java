package dev.sluice.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamInfo;
import dev.sluice.shard.EventLog;
import dev.sluice.spi.Source.Header;
import dev.sluice.spi.Source.RawRecord;
import dev.sluice.spi.TopicWriter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the dead letters of one source to their dead-letter topic, each at least once and in the order of their stream. Its
 * cursor, the version of each stream of letters that the topic has, is the last event of {@code $mirror.<source>}; it moves when
 * the broker has acknowledged. Looks for new letters every second; a broker that is away is tried again with backoff.
 *
 * <p>To be deployed on a worker: it reads letters whole.
 */
public final class Mirror extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(Mirror.class);
    private static final long LOOK_MILLIS = 1_000;
    private static final long MAX_BACKOFF_MILLIS = 30_000;
    private static final int LETTERS_A_WRITE = 250;
    private static final int CUT_VALUE_BYTES = 64 << 10;
    private static final JsonFactory JSON = new JsonFactory();

    private final SourceConfig config;
    private final EventLog log;
    private final TopicWriter writer;
    private final Map<String, Long> cursor = new TreeMap<>();
    private final Promise<Void> ended = Promise.promise();
    private volatile long lag;
    private long backoffMillis = LOOK_MILLIS;
    private boolean isKnown;
    private boolean isClosing;
    private boolean isBusy;
    private long timer = -1;
    private String problem = "";

    public Mirror(SourceConfig config, EventLog log, TopicWriter writer, MeterRegistry meters) {
        this.config = config;
        this.log = log;
        this.writer = writer;
        Gauge.builder("deadletter.mirror.lag", this, each -> each.lag)
                .description("dead letters that the dead-letter topic does not have yet")
                .tag("source", config.name())
                .register(meters);
    }

    @Override
    public Future<?> start() {
        look();
        return Future.succeededFuture();
    }

    /** Ends when what is under way is written and noted. */
    @Override
    public Future<?> stop() {
        isClosing = true;
        if (!isBusy) {
            vertx.cancelTimer(timer);
            ended.tryComplete();
        }
        return ended.future();
    }

    private void look() {
        isBusy = true;
        known().compose(known -> LetterStream.ofSource(log, config.name()))
                .compose(this::behind)
                .onComplete(done -> context.runOnContext(settled -> rest(done.cause())));
    }

    private void rest(@Nullable Throwable failed) {
        isBusy = false;
        if (failed == null) {
            backoffMillis = LOOK_MILLIS;
            problem = "";
        } else {
            backoffMillis = Math.min(2 * backoffMillis, MAX_BACKOFF_MILLIS);
            String now = String.valueOf(failed.getMessage());
            if (!now.equals(problem)) {
                LOG.warn("mirror_failed source={} lag={} cause=\"{}\"", config.name(), lag, now);
            }
            problem = now;
        }
        if (isClosing) {
            ended.tryComplete();
        } else {
            timer = vertx.setTimer(backoffMillis, due -> look());
        }
    }

    private String cursorStream() {
        return "$mirror." + config.name();
    }

    private Future<Void> known() {
        if (isKnown) {
            return Future.succeededFuture();
        }
        return log.readStream(cursorStream(), 0, EventQuery.Direction.BACKWARD, 1)
                .map(events -> {
                    for (RecordedEvent event : events) {
                        JsonNode streams = RefusedRecord.data(event).path("streams");
                        streams.fieldNames()
                                .forEachRemaining(name ->
                                        cursor.put(name, streams.path(name).asLong()));
                    }
                    isKnown = true;
                    return null;
                });
    }

    private Future<Void> behind(List<StreamInfo> streams) {
        lag = streams.stream()
                .mapToLong(each -> each.version() - cursor.getOrDefault(each.stream(), 0L))
                .sum();
        Future<Void> all = Future.succeededFuture();
        for (StreamInfo each : streams) {
            if (each.version() > cursor.getOrDefault(each.stream(), 0L)) {
                all = all.compose(done -> mirror(each));
            }
        }
        return all;
    }

    private Future<Void> mirror(StreamInfo stream) {
        long from = cursor.getOrDefault(stream.stream(), 0L);
        if (isClosing || from >= stream.version()) {
            return Future.succeededFuture();
        }
        return log.readStream(stream.stream(), from + 1, EventQuery.Direction.FORWARD, LETTERS_A_WRITE)
                .compose(letters -> write(letters).compose(written -> note(stream.stream(), letters)))
                .compose(noted -> mirror(stream));
    }

    /** The first alone, to see whether the broker is there, then all others at once: the writer keeps their order. */
    private Future<Void> write(List<RecordedEvent> letters) {
        if (letters.isEmpty()) {
            return Future.succeededFuture();
        }
        return write(letters.get(0)).compose(isThere -> {
            var others =
                    letters.subList(1, letters.size()).stream().map(this::write).toList();
            return Future.join(others).mapEmpty();
        });
    }

    private Future<Void> write(RecordedEvent letter) {
        RefusedRecord refused = RefusedRecord.of(letter);
        String topic = config.deadLetterTopic(refused.partition().topic());
        return topic == null ? Future.succeededFuture() : write(topic, refused);
    }

    private Future<Void> write(String topic, RefusedRecord refused) {
        return Future.fromCompletionStage(
                        writer.write(topic, mirrored(refused, refused.raw().value(), refused.isCut())), context)
                .recover(cause -> {
                    byte[] value = refused.raw().value();
                    return cause instanceof Failure failure
                                    && failure.kind() == Failure.Kind.EVENT_TOO_LARGE
                                    && value != null
                                    && value.length > CUT_VALUE_BYTES
                            ? Future.fromCompletionStage(
                                    writer.write(topic, mirrored(refused, Arrays.copyOf(value, CUT_VALUE_BYTES), true)),
                                    context)
                            : Future.failedFuture(cause);
                });
    }

    private RawRecord mirrored(RefusedRecord refused, byte @Nullable [] value, boolean isCut) {
        RawRecord raw = refused.raw();
        var headers = new ArrayList<>(raw.headers());
        headers.add(header("__connect.errors.topic", refused.partition().topic()));
        headers.add(header(
                "__connect.errors.partition", String.valueOf(refused.partition().partition())));
        headers.add(header("__connect.errors.offset", String.valueOf(raw.offset())));
        headers.add(header("__connect.errors.connector.name", config.name()));
        headers.add(header("__connect.errors.exception.message", refused.detail()));
        headers.add(header("dlq-reason", refused.reason()));
        headers.add(header("dlq-attempts", String.valueOf(refused.attempts())));
        headers.add(header("dlq-id", refused.position().toString()));
        if (isCut) {
            headers.add(header("dlq-truncated", "true"));
        }
        return new RawRecord(raw.offset(), raw.timestampMillis(), raw.key(), value, headers);
    }

    private static Header header(String name, String value) {
        return new Header(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private Future<Void> note(String stream, List<RecordedEvent> letters) {
        if (letters.isEmpty()) {
            return Future.succeededFuture();
        }
        var moved = new TreeMap<>(cursor);
        long version = letters.get(letters.size() - 1).version();
        moved.put(stream, version);
        return log.append(Append.to(cursorStream(), Expected.ANY, List.of(event(moved))))
                .map(appended -> {
                    cursor.put(stream, version);
                    lag -= letters.size();
                    return null;
                });
    }

    private static Event event(Map<String, Long> cursor) {
        var bytes = new ByteArrayOutputStream(64);
        try (var out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeObjectFieldStart("streams");
            for (Map.Entry<String, Long> each : cursor.entrySet()) {
                out.writeNumberField(each.getKey(), each.getValue());
            }
            out.writeEndObject();
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new Event(
                UUID.randomUUID().toString(),
                "DeadLettersMirrored",
                "sluice://mirror",
                0,
                Event.JSON,
                Map.of(),
                null,
                bytes.toByteArray());
    }
}
