package dev.sluice.saga.definition;

/** A saga as it runs: what it is made of, and its functions. */
public record SagaDefinition(Structure structure, SagaCode code) {
    public String name() {
        return structure.name();
    }

    public int version() {
        return structure.version();
    }
}
