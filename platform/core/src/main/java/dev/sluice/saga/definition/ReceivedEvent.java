package dev.sluice.saga.definition;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * An event of the log as a saga sees it; instances keep those that came too early.
 *
 * @param position {@code shard:offset}
 * @param data never changed
 */
public record ReceivedEvent(
        String position,
        String id,
        String type,
        String stream,
        long timeMicros,
        JsonNode data,
        @Nullable String correlation) {}
