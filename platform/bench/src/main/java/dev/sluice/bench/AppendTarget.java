package dev.sluice.bench;

import org.jspecify.annotations.Nullable;

/** A store that makes single events durable: Sluice, or a plain program beside it. */
interface AppendTarget extends AutoCloseable {
    /**
     * Takes an event and returns; {@code done} runs once, on any thread, after the event is durable or was refused.
     *
     * @param order not changed by anyone afterwards
     */
    void append(int stream, byte[] order, Done done);

    @Override
    void close();

    /** The answer of an append. */
    interface Done {
        void done(@Nullable Throwable failure);
    }
}
