package dev.sluice.bus;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageCodec;

/** Hands a {@link Reference} to every receiver; there is no wire form because these messages never leave the process. */
final class ReferenceCodec implements MessageCodec<Reference, Reference> {
    static final String NAME = "sluice.reference";

    @Override
    public void encodeToWire(Buffer buffer, Reference message) {
        throw new UnsupportedOperationException("a reference does not leave its process");
    }

    @Override
    public Reference decodeFromWire(int position, Buffer buffer) {
        throw new UnsupportedOperationException("a reference does not leave its process");
    }

    @Override
    public Reference transform(Reference message) {
        return message;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public byte systemCodecID() {
        return -1;
    }
}
