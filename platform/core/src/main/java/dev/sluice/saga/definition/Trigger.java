package dev.sluice.saga.definition;

/**
 * A kind of event that concerns instances; {@link SagaCode#key} says which.
 *
 * @param id unique within the saga: {@code start}, {@code cancel} or the name of the step that waits
 * @param event its type
 */
public record Trigger(String id, String event) {}
