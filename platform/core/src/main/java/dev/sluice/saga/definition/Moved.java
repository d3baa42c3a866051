package dev.sluice.saga.definition;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * What a machine makes of what happened.
 *
 * @param state the very one it was given when nothing changed
 */
public record Moved(JsonNode state, List<Effect> effects) {}
