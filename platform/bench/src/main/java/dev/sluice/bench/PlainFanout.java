package dev.sluice.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The plain program beside fan-out: rows in a map on one event loop, and every few milliseconds one frame with the newest of each
 * changed row, encoded once and written to every socket. It reads the topic that Sluice reads, has no log, filters, cursors or
 * credit and forgets everything when it ends; a socket that does not keep up is closed.
 */
final class PlainFanout extends AbstractVerticle {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration POLL = Duration.ofMillis(100);

    private final String bootstrapServers;
    private final String topic;
    private final long intervalMillis;
    private final Map<String, Row> rows = new HashMap<>();
    private final Map<String, Row> changed = new HashMap<>();
    private final Set<ServerWebSocket> sockets = new HashSet<>();
    private long frames;

    PlainFanout(String bootstrapServers, String topic, long intervalMillis) {
        this.bootstrapServers = bootstrapServers;
        this.topic = topic;
        this.intervalMillis = intervalMillis;
    }

    /** Arguments: the broker, the topic, the interval of frames in ms. */
    public static void main(String[] arguments) {
        var program = new PlainFanout(arguments[0], arguments[1], Long.parseLong(arguments[2]));
        Vertx.vertx().deployVerticle(program).onFailure(failure -> {
            failure.printStackTrace();
            System.exit(1);
        });
    }

    @Override
    public void start(Promise<Void> started) {
        vertx.setPeriodic(intervalMillis, tick -> send());
        var loop = vertx.getOrCreateContext();
        var reading = new Thread(() -> readOrders(loop), "orders");
        reading.setDaemon(true);
        reading.start();
        serve().<Void>mapEmpty().onComplete(started);
    }

    private void readOrders(Context loop) {
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", bootstrapServers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(found -> new TopicPartition(topic, found.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (true) {
                var orders = consumer.poll(POLL);
                if (!orders.isEmpty()) {
                    loop.runOnContext(now -> orders.forEach(this::fold));
                }
            }
        }
    }

    private Future<?> serve() {
        var options = new HttpServerOptions().setHost("127.0.0.1").setPort(0);
        options.getWebSocketConfig().setSubProtocols(List.of("sluice.v1.json"));
        return vertx.createHttpServer(options)
                .webSocketHandler(this::join)
                .listen()
                .onSuccess(server -> System.out.println("ready http://127.0.0.1:" + server.actualPort()));
    }

    private void fold(ConsumerRecord<byte[], byte[]> record) {
        String key = new String(record.key(), StandardCharsets.US_ASCII);
        try {
            var order = JSON.readTree(record.value());
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
}
