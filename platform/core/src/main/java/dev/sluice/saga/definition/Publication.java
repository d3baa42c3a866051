package dev.sluice.saga.definition;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * An event that a saga appends when it ends.
 *
 * @param stream null: that of the event which started the instance
 */
public record Publication(@Nullable String stream, String type, JsonNode data) {}
