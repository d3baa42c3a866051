package dev.sluice.log;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event as it is offered to the log: CloudEvents 1.0 attributes and data bytes. Immutable: whoever offers it must not
 * change {@code data} or {@code attributes} afterwards.
 *
 * @param id unique for its source
 * @param timeMicros when it happened, µs since 1970 UTC
 * @param contentType media type of the data; {@code application/json} data must be one JSON value (callers check it)
 * @param attributes further CloudEvents attributes by name ({@code subject dataschema correlationid causationid partitionkey
 *     traceparent tags} and any extension); values are String, Long, Boolean
 * @param data empty when the event has none
 */
public record Event(
        String id,
        String type,
        String source,
        long timeMicros,
        String contentType,
        Map<String, Object> attributes,
        @Nullable Origin origin,
        byte[] data) {
    public static final String JSON = "application/json";

    /** What counts towards {@link LogOptions#maxEventBytes}: data, id, type, source, and further attributes, a character as a byte. */
    public long size() {
        long size = (long) data.length + id.length() + type.length() + source.length();
        for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
            size += attribute.getKey().length() + (attribute.getValue() instanceof String text ? text.length() : 8);
        }
        return size;
    }

    /** Whether the data is JSON: {@code application/json} or {@code *+json}, parameters ignored. */
    public boolean isJson() {
        return isJson(contentType);
    }

    /** {@link #isJson()} for a media type alone. */
    public static boolean isJson(String contentType) {
        int semicolon = contentType.indexOf(';');
        String type = semicolon < 0
                ? contentType
                : contentType.substring(0, semicolon).strip();
        return type.equals(JSON) || type.endsWith("+json") || type.endsWith("/json");
    }
}
