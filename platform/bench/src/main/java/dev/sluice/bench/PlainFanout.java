package dev.sluice.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.net.NetClient;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The plain program beside fan-out: rows in a map on one event loop, and every few milliseconds one frame with the newest of each
 * changed row, encoded once and written to every socket. It has no log, filters, cursors or credit and forgets everything when it
 * ends; a socket that does not keep up is closed.
 *
 * <p>It reads the same orders as Sluice, a line each, over a connection that it makes to the program that publishes them.
 */
final class PlainFanout extends AbstractVerticle {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final int updatesPort;
    private final long intervalMillis;
    private final Map<String, Row> rows = new HashMap<>();
    private final Map<String, Row> changed = new HashMap<>();
    private final Set<ServerWebSocket> sockets = new HashSet<>();
    /** Vert.x closes a client that nobody refers to. */
    private @Nullable NetClient client;

    private long frames;

    PlainFanout(int updatesPort, long intervalMillis) {
        this.updatesPort = updatesPort;
        this.intervalMillis = intervalMillis;
    }

    /** Arguments: the port that orders come from, the interval of frames in ms. */
    public static void main(String[] arguments) {
        var program = new PlainFanout(Integer.parseInt(arguments[0]), Long.parseLong(arguments[1]));
        Vertx.vertx().deployVerticle(program).onFailure(failure -> {
            failure.printStackTrace();
            System.exit(1);
        });
    }

    @Override
    public void start(Promise<Void> started) {
        vertx.setPeriodic(intervalMillis, tick -> send());
        Future.all(readOrders(), serve()).<Void>mapEmpty().onComplete(started);
    }

    private Future<?> readOrders() {
        client = vertx.createNetClient();
        return client.connect(updatesPort, "127.0.0.1")
                .onSuccess(orders -> orders.handler(RecordParser.newDelimited("\n", this::fold)));
    }

    private Future<?> serve() {
        var options = new HttpServerOptions().setHost("127.0.0.1").setPort(0);
        options.getWebSocketConfig().setSubProtocols(List.of("sluice.v1.json"));
        return vertx.createHttpServer(options)
                .webSocketHandler(this::join)
                .listen()
                .onSuccess(server -> System.out.println("ready http://127.0.0.1:" + server.actualPort()));
    }

    private void fold(Buffer line) {
        byte[] bytes = line.getBytes();
        int space = 0;
        while (bytes[space] != ' ') {
            space++;
        }
        String key = new String(bytes, 0, space, StandardCharsets.US_ASCII);
        try {
            var order = JSON.readTree(bytes, space + 1, bytes.length - space - 1);
            var row = rows.computeIfAbsent(key, absent -> new Row());
            row.orders++;
            row.total += order.path("amount").asLong();
            row.last = order.path("orderId").asText();
            changed.put(key, row);
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    private void join(ServerWebSocket socket) {
        sockets.add(socket);
        socket.closeHandler(gone -> sockets.remove(socket));
        // What is asked for makes no difference; the first text is hello.
        socket.textMessageHandler(text -> {
            if (text.contains("\"op\":\"subscribe\"")) {
                write(socket, frame("subscribed", ",\"resumed\":\"snapshot\""));
                write(socket, frame("snapshot", ",\"rows\":" + encoded(rows)));
                write(socket, frame("synced", ""));
            }
        });
    }

    private void send() {
        if (changed.isEmpty()) {
            return;
        }
        Buffer frame = frame("delta", ",\"n\":" + ++frames + ",\"set\":" + encoded(changed));
        changed.clear();
        for (var socket : List.copyOf(sockets)) {
            write(socket, frame);
        }
    }

    private static void write(ServerWebSocket socket, Buffer frame) {
        if (socket.writeQueueFull()) {
            socket.close((short) 1013, "too slow").onFailure(gone -> {});
        } else {
            // A text frame would have to be encoded again for each socket.
            socket.writeFrame(WebSocketFrame.binaryFrame(frame, true)).onFailure(gone -> {});
        }
    }

    private static Buffer frame(String op, String members) {
        return Buffer.buffer("{\"op\":\"" + op + "\",\"sub\":1" + members + "}");
    }

    private static String encoded(Map<String, Row> some) {
        var json = new StringBuilder("[");
        some.forEach((key, row) -> json.append(json.length() == 1 ? "[\"" : ",[\"")
                .append(key)
                .append("\",{\"orders\":")
                .append(row.orders)
                .append(",\"total\":")
                .append(row.total)
                .append(",\"last\":\"")
                .append(row.last)
                .append("\"}]"));
        return json.append(']').toString();
    }

    private static final class Row {
        private long orders;
        private long total;
        private String last = "";
    }

    /** Gives orders to the plain program, which connects to it. */
    static final class Outlet implements Publisher.Outlet {
        private final ServerSocket door;
        private @Nullable OutputStream orders;

        Outlet() throws IOException {
            door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        }

        int port() {
            return door.getLocalPort();
        }

        @Override
        public void send(int stream, byte[] order) {
            try {
                if (orders == null) {
                    orders = door.accept().getOutputStream();
                }
                byte[] key = (stream + " ").getBytes(StandardCharsets.US_ASCII);
                var line = ByteBuffer.allocate(key.length + order.length + 1);
                orders.write(line.put(key).put(order).put((byte) '\n').array());
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        /** What is sent is in the socket. */
        @Override
        public void flush() {}

        @Override
        public void close() {
            try (door) {
                if (orders != null) {
                    orders.close();
                }
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }
}
