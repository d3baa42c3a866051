package dev.sluice.command;

/** What becomes of a command. */
public enum Outcome {
    /** Events were appended. */
    ACCEPTED,
    /** Decided, and nothing was to be done. */
    NOTHING,
    /** Known by its id: the answer is the one of before. */
    DUPLICATE,
    /** A rule of the aggregate refuses it. */
    REJECTED,
    /** The aggregate is at another version than the client expected. */
    CONFLICT,
    /** Known by its id, but it was another command. */
    COMMAND_ID_REUSED,
    /** The command is not as its schema demands. */
    INVALID,
    /** Nothing was begun: try again later. */
    OVERLOADED,
    /** Nothing was begun: its deadline had passed. */
    EXPIRED,
    /** The shard failed in between: the same command with the same id tells. */
    OUTCOME_UNKNOWN,
    /** A bug, in the aggregate's code or in ours; it is not remembered. */
    INTERNAL;

    /** The detail of a {@link dev.sluice.log.Failure} that names the outcome. */
    public static final String DETAIL = "outcome";
}
