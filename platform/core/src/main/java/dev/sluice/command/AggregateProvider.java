package dev.sluice.command;

import java.util.List;

/** Brings aggregates; found by ServiceLoader when the process starts. */
public interface AggregateProvider {
    List<Aggregate<?, ?, ?>> aggregates();
}
