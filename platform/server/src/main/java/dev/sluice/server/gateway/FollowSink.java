package dev.sluice.server.gateway;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;

/** Where a follow writes events, and in which form. On one event loop. */
abstract class FollowSink {
    private static final int WRITE_BYTES = 64 << 10;

    /** The socket's own queue counts messages, however large. */
    private long unwrittenBytes;

    private Runnable room = () -> {};
    private Runnable gone = () -> {};

    /** One JSON object a line. */
    static FollowSink lines(HttpServerResponse response) {
        return new ResponseSink(response, MediaTypes.NDJSON) {
            @Override
            void event(byte[] json, String cursor) {
                line(Buffer.buffer(json));
            }

            @Override
            void checkpoint(String cursor) {
                line(Buffer.buffer("{\"checkpoint\":\"" + cursor + "\"}"));
            }

            @Override
            void problem(Buffer document) {
                line(Buffer.buffer("{\"problem\":").appendBuffer(document).appendString("}"));
            }

            private void line(Buffer json) {
                add(json.appendByte((byte) '\n'));
            }
        };
    }

    /** Server-Sent Events (HTML, section 9.2); an id is a cursor to go on from. */
    static FollowSink events(HttpServerResponse response) {
        return new ResponseSink(response, MediaTypes.EVENT_STREAM) {
            @Override
            void event(byte[] json, String cursor) {
                add(Buffer.buffer("id: " + cursor + "\ndata: ")
                        .appendBytes(json)
                        .appendString("\n\n"));
            }

            @Override
            void checkpoint(String cursor) {
                add(Buffer.buffer(
                        "event: checkpoint\nid: " + cursor + "\ndata: {\"checkpoint\":\"" + cursor + "\"}\n\n"));
            }

            @Override
            void problem(Buffer document) {
                add(Buffer.buffer("event: problem\ndata: ")
                        .appendBuffer(document)
                        .appendString("\n\n"));
            }
        };
    }

    /** One CloudEvent a text message: the subprotocol {@code cloudevents.json} of CloudEvents' WebSockets binding. */
    static FollowSink messages(ServerWebSocket socket) {
        return new SocketSink(socket);
    }

    /** @param roomAgain runs when it is not full any more, {@code hasGone} when the client will read no more */
    void begin(Runnable roomAgain, Runnable hasGone) {
        room = roomAgain;
        gone = hasGone;
    }

    abstract void event(byte[] json, String cursor);

    abstract void checkpoint(String cursor);

    /** @param document of RFC 9457 */
    abstract void problem(Buffer document);

    /** Writes what has been put in. */
    abstract void flush();

    /** How much has been put in that is not written. */
    abstract int pendingBytes();

    boolean isFull() {
        return unwrittenBytes + pendingBytes() >= WRITE_BYTES;
    }

    abstract void end();

    final void hasRoom() {
        room.run();
    }

    final void hasGone() {
        gone.run();
    }

    final void wrote(Future<Void> writing, int bytes) {
        unwrittenBytes += bytes;
        writing.onSuccess(written -> {
                    boolean wasFull = unwrittenBytes >= WRITE_BYTES;
                    unwrittenBytes -= bytes;
                    if (wasFull) {
                        room.run();
                    }
                })
                .onFailure(lost -> gone.run());
    }

    private abstract static class ResponseSink extends FollowSink {
        private final HttpServerResponse response;
        private final String mediaType;
        private Buffer pending = Buffer.buffer();

        ResponseSink(HttpServerResponse response, String mediaType) {
            this.response = response;
            this.mediaType = mediaType;
        }

        @Override
        void begin(Runnable roomAgain, Runnable hasGone) {
            super.begin(roomAgain, hasGone);
            response.setChunked(true).putHeader("Content-Type", mediaType).putHeader("Cache-Control", "no-store");
            response.setWriteQueueMaxSize(WRITE_BYTES);
            response.writeHead().onFailure(lost -> hasGone());
            response.drainHandler(drained -> hasRoom());
        }

        final void add(Buffer piece) {
            pending.appendBuffer(piece);
        }

        @Override
        int pendingBytes() {
            return pending.length();
        }

        @Override
        boolean isFull() {
            return super.isFull() || response.writeQueueFull();
        }

        @Override
        void flush() {
            if (pending.length() > 0) {
                var piece = pending;
                pending = Buffer.buffer();
                wrote(response.write(piece), piece.length());
            }
        }

        @Override
        void end() {
            if (!response.ended() && !response.closed()) {
                response.end().onFailure(lost -> {});
            }
        }
    }

    private static final class SocketSink extends FollowSink {
        private static final short GOING_AWAY = 1001;
        private static final short FAILED = 1011;
        private static final int MAX_REASON = 120;

        private final ServerWebSocket socket;

        SocketSink(ServerWebSocket socket) {
            this.socket = socket;
        }

        @Override
        void begin(Runnable roomAgain, Runnable hasGone) {
            super.begin(roomAgain, hasGone);
            socket.drainHandler(drained -> hasRoom());
            socket.closeHandler(closed -> hasGone());
            socket.exceptionHandler(broken -> hasGone());
        }

        @Override
        void event(byte[] json, String cursor) {
            wrote(socket.writeTextMessage(Buffer.buffer(json).toString()), json.length);
        }

        @Override
        void checkpoint(String cursor) {
            String json = "{\"checkpoint\":\"" + cursor + "\"}";
            wrote(socket.writeTextMessage(json), json.length());
        }

        @Override
        void problem(Buffer document) {
            String text = document.toJsonObject().getString("detail", "");
            socket.close(FAILED, text.substring(0, Math.min(text.length(), MAX_REASON)))
                    .onFailure(lost -> {});
        }

        @Override
        void flush() {}

        @Override
        int pendingBytes() {
            return 0;
        }

        @Override
        boolean isFull() {
            return super.isFull() || socket.writeQueueFull();
        }

        @Override
        void end() {
            if (!socket.isClosed()) {
                socket.close(GOING_AWAY, "drain").onFailure(lost -> {});
            }
        }
    }
}
