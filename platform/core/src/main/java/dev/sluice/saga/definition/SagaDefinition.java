package dev.sluice.saga.definition;

/** A saga as it runs: what it is made of, and its functions. */
public final class SagaDefinition {
    private final Structure structure;
    private final SagaCode code;
    private final String hash;
    private final boolean isMachine;

    public SagaDefinition(Structure structure, SagaCode code) {
        this.structure = structure;
        this.code = code;
        hash = structure.hash();
        isMachine = structure.steps().stream()
                .anyMatch(step -> step.kind() == Step.Kind.SCHEDULED || step.kind() == Step.Kind.HEARD);
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

    /** Whether code decides its way: its steps are what that may send, and hear of. */
    public boolean isMachine() {
        return isMachine;
    }
}
