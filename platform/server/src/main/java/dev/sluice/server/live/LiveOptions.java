package dev.sluice.server.live;

/**
 * The limits of WebSocket subscriptions.
 *
 * @param maxSubscriptions most open subscriptions on one socket
 * @param maxWindow most rows a subscription may have unacknowledged
 * @param maxFrameBytes most bytes of an outbound message; only a single row larger than that goes beyond it, alone
 * @param pingMillis a socket that was written nothing for so long gets a ping
 * @param node the name of this node, as clients see it
 */
public record LiveOptions(int maxSubscriptions, int maxWindow, int maxFrameBytes, long pingMillis, String node) {
    private static final int MIN_FRAME_BYTES = 1024;

    public LiveOptions {
        if (maxSubscriptions < 1 || maxWindow < 1 || maxFrameBytes < MIN_FRAME_BYTES || pingMillis < 1) {
            throw new IllegalArgumentException("found " + maxSubscriptions + " subscriptions, a window of " + maxWindow
                    + " rows, frames of " + maxFrameBytes + " bytes, a ping every " + pingMillis
                    + " ms, expected at least 1, 1, " + MIN_FRAME_BYTES + ", 1");
        }
    }

    public LiveOptions(int maxSubscriptions, int maxWindow, int maxFrameBytes, long pingMillis) {
        this(maxSubscriptions, maxWindow, maxFrameBytes, pingMillis, "n1");
    }

    /** The documented defaults. */
    public static LiveOptions defaults() {
        return new LiveOptions(128, 4096, 256 << 10, 25_000);
    }
}
