package dev.sluice.saga.definition;

import java.time.Duration;
import java.util.List;

/**
 * A command that a step sends.
 *
 * @param type of the command
 * @param replies the types that mean success; empty: any
 * @param rejects types of replies that mean: definitely no effect; what the participant calls a rejection is one, whether its code is listed or not
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
