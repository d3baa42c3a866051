package dev.sluice.resilience;

import dev.sluice.log.Expected;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What operators see of the mesh and do to it. Any thread; futures come on the caller's context. */
public interface MeshOperations {
    /** Where policies come from when nobody says so. */
    String HTTP = "http";

    /** As {@link Sidecar#breakers()}. */
    List<Sidecar.Breaker> breakers();

    /** BREAKER_NOT_FOUND when the address has none, or was not called yet. */
    Sidecar.Breaker breaker(String address);

    /** As {@link Sidecar#limits()}. */
    List<Sidecar.Limit> limits();

    /** As {@link Sidecar#instances()}. */
    List<Registry.Instance> instances();

    /** The policies that apply. */
    Applied applied();

    /** Of an address, or the one that an instance answers; INVALID_REQUEST for what is neither. */
    PolicySet.Explanation explain(String address);

    /**
     * Puts policies in the place of those of a source, or none. DEFINITION_INVALID has all {@code violations}, those against the policies of
     * other sources too; then nothing has changed. The answer comes when they are in the log and apply.
     *
     * @param source a name, which places begin with
     * @param actor who it was
     * @param expected version of the policies, else WRONG_EXPECTED_VERSION
     */
    Future<Applied> propose(String text, String source, String actor, Expected expected);

    /** What {@link #propose} would change, and what the recorded attempts of the last minutes would have met. Nothing is applied. */
    Future<Trial> dryRun(String text, String source);

    /** Gives a breaker an order, which is in the log before it is obeyed; as the breaker is then. BREAKER_NOT_FOUND. */
    Future<Sidecar.Breaker> order(String address, Order order, String actor, @Nullable String reason);

    /** What an operator orders a breaker; it holds until a reset, or the end of the process. */
    enum Order {
        OPEN,
        RESET,
        DISABLE
    }

    /**
     * Policies with what they were read from.
     *
     * @param version counts the sets that were applied, 0 for none yet
     * @param sources in the order of their names
     */
    record Applied(long version, PolicySet policies, List<Source> sources) {
        public static final Applied NONE = new Applied(0, PolicySet.EMPTY, List.of());

        public Applied {
            sources = List.copyOf(sources);
        }
    }

    /** A text with policies. */
    record Source(String name, Origin origin, String text) {}

    /** How a text came. */
    enum Origin {
        FILE,
        HTTP
    }

    /** What a proposal comes to: the set that would apply, and how calls would have fared. */
    record Trial(PolicySet.Changes changes, PolicySet policies, DryRun dryRun) {}
}
