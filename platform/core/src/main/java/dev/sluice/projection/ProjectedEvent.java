package dev.sluice.projection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamName;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** An event as the code of a {@link Projection} sees it: what was recorded, its data read as JSON when asked. For one thread. */
public final class ProjectedEvent {
    /** A missing number is no 0: what may be missing is to be a reference. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final RecordedEvent recorded;
    private @Nullable JsonNode data;

    ProjectedEvent(RecordedEvent recorded) {
        this.recorded = recorded;
    }

    /** The event itself, with all that is known of it. */
    public RecordedEvent recorded() {
        return recorded;
    }

    public String type() {
        return recorded.type();
    }

    public String stream() {
        return recorded.stream();
    }

    /** The stream's name behind its category. */
    public String key() {
        return StreamName.key(recorded.stream());
    }

    /** When it happened. */
    public Instant time() {
        return Instant.EPOCH.plus(recorded.timeMicros(), ChronoUnit.MICROS);
    }

    /** The data, numbers exact; a missing node where there is none or it is not JSON. EVALUATION_FAILED when it cannot be read. */
    public JsonNode data() {
        var read = data;
        if (read == null) {
            read = hasData() ? read(JsonNode.class) : JSON.missingNode();
            data = read;
        }
        return read;
    }

    /**
     * The data as an object, such as a record, read by Jackson: unknown fields are ignored, missing ones are null. EVALUATION_FAILED
     * when it is something else, or a primitive is missing.
     */
    public <T> T data(Class<T> type) {
        if (!hasData()) {
            throw Failure.of(
                    Failure.Kind.EVALUATION_FAILED,
                    "found no JSON in the data, expected what " + type.getSimpleName() + " is made of");
        }
        return read(type);
    }

    private boolean hasData() {
        return recorded.dataLength() > 0 && recorded.isJson();
    }

    private <T> T read(Class<T> type) {
        try {
            return JSON.readValue(recorded.dataArray(), recorded.dataStart(), recorded.dataLength(), type);
        } catch (JsonProcessingException other) {
            throw unreadable(type, other.getOriginalMessage());
        } catch (IOException other) {
            throw unreadable(type, other.getMessage());
        }
    }

    private static Failure unreadable(Class<?> type, @Nullable String why) {
        return Failure.of(
                Failure.Kind.EVALUATION_FAILED,
                "found other data, expected what " + type.getSimpleName() + " is made of: " + why);
    }
}
