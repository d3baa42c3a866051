package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory of answers that are being made or sent, bounded together: an eighth of the heap. A client that does not read its
 * answer holds its part of it. Any thread.
 */
final class Outbound {
    private final long maxBytes = Runtime.getRuntime().maxMemory() / 8;
    private final AtomicLong held = new AtomicLong();

    /** OVERLOADED when there is no room for so many bytes. */
    void take(long bytes) {
        if (held.addAndGet(bytes) > maxBytes) {
            held.addAndGet(-bytes);
            throw Failure.of(
                    Failure.Kind.OVERLOADED,
                    "found the memory for answers in use, try again later or with a smaller limit");
        }
    }

    void release(long bytes) {
        held.addAndGet(-bytes);
    }
}
