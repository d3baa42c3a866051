package dev.sluice.server.gateway;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the process says about itself. Asked on event loops: must not block. */
public interface Health {
    /** Everything that had to be opened has been. */
    boolean isStarted();

    /** One for each thing that can be ill; a process is ready when none is down. */
    List<Check> checks();

    /** Not stopped by a failed commit or lost ownership. */
    boolean isShardOpen(int shard);

    /** {@code DEGRADED}: part of the work waits, the rest goes on. */
    enum Status {
        UP,
        DEGRADED,
        DOWN
    }

    /** The state of one thing; {@code detail} says what was found and what was expected, null when all is well. */
    record Check(String name, Status status, @Nullable String detail) {}
}
