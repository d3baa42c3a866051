package dev.sluice.saga;

import dev.sluice.saga.definition.SagaDefinition;
import java.util.List;

/** Brings sagas written in Java; found by ServiceLoader when the process starts. */
public interface SagaProvider {
    /** Of each name the newest version, and older ones as long as they have live instances. */
    List<SagaDefinition> sagas();
}
