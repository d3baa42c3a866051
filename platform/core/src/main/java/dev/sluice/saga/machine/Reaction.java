package dev.sluice.saga.machine;

import java.util.List;

/**
 * What an instance makes of an input.
 *
 * @param events to be appended to its stream, in order; empty when the input changes nothing
 * @param after the instance with these events folded
 */
public record Reaction(List<SagaEvent> events, Instance after) {}
