package dev.sluice.saga.definition;

import java.time.Duration;
import java.util.List;

/**
 * A command that a step sends.
 *
 * @param type of the command
 * @param replies the types that mean success; empty: any
 * @param rejects the codes or reply types that mean: definitely no effect; empty: what the participant calls a rejection
 * @param timeout of an attempt
 */
public record Send(
        String type, Target target, List<String> replies, List<String> rejects, Duration timeout, Retry retry) {
    /** Of an attempt, unless it is said. */
    public static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** What kind of participant gets it. */
    public enum Target {
        /** An aggregate of the platform. */
        STREAM,
        BUS,
        HTTP,
        KAFKA
    }

    public Send {
        replies = List.copyOf(replies);
        rejects = List.copyOf(rejects);
    }
}
