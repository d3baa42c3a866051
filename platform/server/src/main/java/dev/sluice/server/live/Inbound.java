package dev.sluice.server.live;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketFrame;
import org.jspecify.annotations.Nullable;

/** Puts the frames of inbound messages together, up to a size. */
final class Inbound {
    private final int maxBytes;
    private Buffer message = Buffer.buffer();
    private boolean isText;

    /** A message goes beyond the size; nothing more can be read from its socket. */
    static final class TooLong extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLong() {
            super("message too long", null, false, false);
        }
    }

    Inbound(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The whole message when this is its last frame, else null. A binary one is {@link Refused}. */
    byte @Nullable [] add(WebSocketFrame frame) {
        if (!frame.isText() && !frame.isBinary() && !frame.isContinuation()) {
            return null;
        }
        if (!frame.isContinuation()) {
            message = Buffer.buffer();
            isText = frame.isText();
        }
        Buffer part = frame.binaryData();
        if (message.length() + part.length() > maxBytes) {
            throw new TooLong();
        }
        message.appendBuffer(part);
        if (!frame.isFinal()) {
            return null;
        }
        byte[] whole = message.getBytes();
        message = Buffer.buffer();
        if (!isText) {
            throw Refused.badFrame("found a binary message, expected text");
        }
        return whole;
    }
}
