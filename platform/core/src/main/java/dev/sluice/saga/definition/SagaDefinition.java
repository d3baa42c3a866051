package dev.sluice.saga.definition;

/** A saga as it runs: what it is made of, and its functions. */
public final class SagaDefinition {
    private final Structure structure;
    private final SagaCode code;
    private final String hash;

    public SagaDefinition(Structure structure, SagaCode code) {
        this.structure = structure;
        this.code = code;
        hash = structure.hash();
    }

    public Structure structure() {
        return structure;
    }

    public SagaCode code() {
        return code;
    }

    public String name() {
        return structure.name();
    }

    public int version() {
        return structure.version();
    }

    /** {@link Structure#hash()}, computed once: every instance that starts records it. */
    public String hash() {
        return hash;
    }
}
