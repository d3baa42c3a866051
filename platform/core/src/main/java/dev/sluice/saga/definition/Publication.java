package dev.sluice.saga.definition;

import com.fasterxml.jackson.databind.JsonNode;

/** An event that a saga appends when it ends. */
public record Publication(String stream, String type, JsonNode data) {}
