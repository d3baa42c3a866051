package dev.sluice.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One WebSocket of a swarm: the upgrade and the frames of RFC 6455, from a server that fragments no message. On the swarm's
 * thread.
 */
final class Connection {
    /** The server has closed the WebSocket in the ordered way, with a code. */
    static final class Closed extends IOException {
        private static final long serialVersionUID = 1;

        private Closed(String message) {
            super(message);
        }
    }

    private static final byte[] NOTHING = {};
    private static final String END_OF_HEAD = "\r\n\r\n";
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int FINAL = 0x80;
    private static final int MASKED = 0x80;
    private static final int LENGTH_IN_TWO_BYTES = 126;
    private static final int LENGTH_IN_EIGHT_BYTES = 127;

    private final InetSocketAddress server;
    private final Subscriber subscriber;
    private final SocketChannel channel;
    private final SelectionKey key;
    /** The beginning of what has not come whole yet. */
    private byte[] held = NOTHING;

    private boolean isUpgraded;

    private Connection(Selector selector, InetSocketAddress server, Subscriber subscriber) throws IOException {
        this.server = server;
        this.subscriber = subscriber;
        channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = channel.register(selector, SelectionKey.OP_CONNECT, this);
        channel.connect(server);
    }

    static Connection open(Selector selector, InetSocketAddress server, Subscriber subscriber) throws IOException {
        return new Connection(selector, server, subscriber);
    }

    Subscriber subscriber() {
        return subscriber;
    }

    /** Does what its socket is ready for. */
    void ready(ByteBuffer shared) throws IOException {
        if (key.isConnectable()) {
            channel.finishConnect();
            key.interestOps(SelectionKey.OP_READ);
            write(ByteBuffer.wrap(upgrade().getBytes(StandardCharsets.US_ASCII)));
        } else {
            read(shared);
        }
    }

    void isReading(boolean isReading) {
        key.interestOps(isReading ? SelectionKey.OP_READ : 0);
    }

    void send(String text) throws IOException {
        send(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    void close() throws IOException {
        channel.close();
    }

    private String upgrade() {
        return "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:" + server.getPort()
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
                + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sluice.v1.json" + END_OF_HEAD;
    }

    private void read(ByteBuffer shared) throws IOException {
        shared.clear().put(held);
        held = NOTHING;
        if (channel.read(shared) < 0) {
            throw new EOFException("the server closed the socket");
        }
        int start = isUpgraded ? 0 : head(shared);
        if (isUpgraded) {
            start = messages(shared.array(), start, shared.position());
        }
        if (start == 0 && !shared.hasRemaining()) {
            throw new IOException("found a message of more than " + shared.capacity() + " bytes");
        }
        if (start < shared.position()) {
            held = Arrays.copyOfRange(shared.array(), start, shared.position());
        }
    }

    /** The end of the answer to the upgrade, 0 when it is not there yet. */
    private int head(ByteBuffer shared) throws IOException {
        String text = new String(shared.array(), 0, shared.position(), StandardCharsets.ISO_8859_1);
        int end = text.indexOf(END_OF_HEAD);
        if (end < 0) {
            return 0;
        }
        if (!text.startsWith("HTTP/1.1 101 ")) {
            throw new IOException("found '" + text.lines().findFirst().orElse("") + "', expected an upgrade");
        }
        isUpgraded = true;
        subscriber.upgraded();
        return end + END_OF_HEAD.length();
    }

    /** The end of the last message that is whole. */
    private int messages(byte[] bytes, int from, int end) throws IOException {
        int start = from;
        while (end - start >= 2) {
            int first = bytes[start] & 0xff;
            int inHead = bytes[start + 1] & 0xff;
            int lengthBytes =
                    switch (inHead) {
                        case LENGTH_IN_TWO_BYTES -> 2;
                        case LENGTH_IN_EIGHT_BYTES -> 8;
                        default -> 0;
                    };
            int payload = start + 2 + lengthBytes;
            if (payload > end) {
                return start;
            }
            long length = lengthBytes == 0 ? inHead : 0;
            for (int i = start + 2; i < payload; i++) {
                length = length << 8 | bytes[i] & 0xff;
            }
            if (length > end - payload) {
                return start;
            }
            frame(first, bytes, payload, (int) length);
            start = payload + (int) length;
        }
        return start;
    }

    private void frame(int first, byte[] bytes, int start, int length) throws IOException {
        switch (first) {
            case FINAL | TEXT, FINAL | BINARY -> subscriber.message(bytes, start, length);
            case FINAL | PING -> send(PONG, Arrays.copyOfRange(bytes, start, start + length));
            case FINAL | PONG -> {}
            case FINAL | CLOSE -> throw new Closed("the server closed the WebSocket: " + reason(bytes, start, length));
            default -> throw new IOException("found a frame that begins with " + first + ", expected a whole message");
        }
    }

    private static String reason(byte[] bytes, int start, int length) {
        if (length < 2) {
            return "no reason";
        }
        int code = (bytes[start] & 0xff) << 8 | bytes[start + 1] & 0xff;
        return code + " " + new String(bytes, start + 2, length - 2, StandardCharsets.UTF_8);
    }

    private void send(int opcode, byte[] payload) throws IOException {
        var frame = ByteBuffer.allocate(2 + 2 + 4 + payload.length).put((byte) (FINAL | opcode));
        if (payload.length < LENGTH_IN_TWO_BYTES) {
            frame.put((byte) (MASKED | payload.length));
        } else {
            frame.put((byte) (MASKED | LENGTH_IN_TWO_BYTES)).putShort((short) payload.length);
        }
        // Masked with zeros: what is sent is nobody's secret.
        write(frame.putInt(0).put(payload).flip());
    }

    private void write(ByteBuffer bytes) throws IOException {
        channel.write(bytes);
        if (bytes.hasRemaining()) {
            throw new IOException("the server does not read what it is sent");
        }
    }
}
