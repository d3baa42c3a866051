package dev.sluice.server.cli;

import dev.sluice.log.Failure;

/** What a person can do about a failure. */
final class NextStep {
    private NextStep() {}

    static String after(Failure failure, String command) {
        if (failure.details().get("next") instanceof String next) {
            return next;
        }
        return switch (failure.kind()) {
            case WRONG_EXPECTED_VERSION ->
                "look at the stream with 'sluice read', then append with --expect set to its version";
            case INVALID_COMMAND, COMMAND_NOT_FOUND ->
                "sluice commands ls shows the commands there are and their schemas";
            case REJECTED -> "look at the aggregate with 'sluice read': a rule of its own refuses the command";
            case COMMAND_ID_REUSED -> "use another command id for another command";
            case APPEND_ID_REUSED -> "use another append id for other content";
            case STREAM_NOT_FOUND -> "sluice streams ls lists the streams there are";
            case EVENT_NOT_FOUND -> "sluice shards ls shows how far each shard goes";
            case PROJECTION_NOT_FOUND -> "sluice projections ls lists the projections there are";
            case GENERATION_NOT_READY -> "wait for it: sluice projections show tells how far it is";
            case NO_GENERATION -> "apply the definition you want: it is folded beside the live one";
            case DEAD_LETTER_NOT_FOUND -> "sluice dead-letters ls --state all lists the dead letters there are";
            case WRONG_STATUS -> "look at its status first, then choose what applies to it";
            case NOT_RETRYABLE -> "sluice dead-letters show tells of the letter, discard gives it up";
            case ROW_NOT_FOUND -> "sluice projections rows lists the keys there are";
            case BREAKER_NOT_FOUND ->
                "sluice breakers ls lists the breakers there are; one is made when its address is first called";
            case CIRCUIT_OPEN -> "try again in a moment; sluice breakers show tells why it opened";
            case RATE_LIMITED -> "try again when Retry-After has passed; sluice limits ls shows the limits";
            case BYPASSES_MESH -> "ask through Mesh.request";
            case OVERLOADED, NO_HANDLERS, UNAVAILABLE, OUTCOME_UNKNOWN ->
                "try again in a moment; sluice info tells how the server is";
            case NOT_YET, DEADLINE_EXCEEDED -> "try again; sluice info tells how far the server is behind";
            case FORBIDDEN_ORIGIN -> "use the host name the server is bound to, or add yours to http.allowedHosts";
            case PLATFORM_STREAM -> "choose a stream name that does not begin with $";
            case INVALID_CURSOR -> "use a cursor that this server has printed, or --since";
            case CONFIG_INVALID, DEFINITION_INVALID ->
                "correct the file; sluice config validate checks it with all others of the configuration";
            case FILTER_INVALID, EVALUATION_FAILED -> "correct the expression given with --where";
            case EVENT_TOO_LARGE, APPEND_TOO_LARGE, BODY_TOO_LARGE ->
                "send less at once, or raise log.maxEvent and log.maxAppend";
            case NEWER_FORMAT -> "use the newer Sluice that wrote the data";
            case CORRUPT, SOURCE_GAP, SOURCE_CHANGED, INTERNAL -> "read the server's log";
            case INVALID_EVENT,
                    INVALID_REQUEST,
                    INVALID_STREAM,
                    CROSS_SHARD_APPEND,
                    NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    NOT_ACCEPTABLE,
                    UNSUPPORTED_MEDIA_TYPE -> "sluice " + command + " --help";
        };
    }
}
