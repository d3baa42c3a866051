package dev.sluice.server.live;

import java.time.Instant;

/** Times as the protocol writes them: RFC 3339, UTC. */
final class Times {
    private static final long MICROS = 1_000_000;

    private Times() {}

    static String text(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * 1_000)
                .toString();
    }
}
