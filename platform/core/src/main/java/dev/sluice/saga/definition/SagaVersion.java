package dev.sluice.saga.definition;

import java.util.List;

/**
 * A version of a saga that was ever registered.
 *
 * @param hasCode whether this process can run it
 */
public record SagaVersion(Structure structure, boolean hasCode) {
    /**
     * The version that new instances have; of a saga that this process cannot run, the newest.
     *
     * @param versions of one saga, at least one, the newest first
     */
    public static Structure newest(List<SagaVersion> versions) {
        return versions.stream()
                .filter(SagaVersion::hasCode)
                .findFirst()
                .orElse(versions.get(0))
                .structure();
    }
}
