package dev.sluice.saga.definition;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A command as it is sent, made by {@link SagaCode}.
 *
 * @param to a stream, {@code bus:ADDRESS}, {@code http:UPSTREAM/PATH} or {@code kafka:TOPIC}
 */
public record Outgoing(String to, JsonNode data) {}
