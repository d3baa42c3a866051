package dev.sluice.server.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The payment service of the samples, as some other team would run it: an HTTP server on a free port of this machine that keeps what a
 * participant has to keep. What was charged it forgets with the process.
 */
final class SamplePayments implements AutoCloseable {
    /** The largest order that is paid by card, in cents. */
    static final long MOST_CENTS = 100_000;

    private static final String PAYMENT_ID = "paymentId";
    private static final int MAX_BODY = 64 << 10;
    private static final int MAX_KNOWN = 10_000;
    private static final int THREADS = 2;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
        var thread = new Thread(work, "payments");
        thread.setDaemon(true);
        return thread;
    });
    /** Answers by command id: the same command gets the same answer. */
    private final Map<String, Answer> known = new LinkedHashMap<>();

    private boolean isDown;

    private record Answer(int status, Map<String, Object> body) {}

    private SamplePayments(HttpServer server) {
        this.server = server;
    }

    static SamplePayments start() throws IOException {
        var payments =
                new SamplePayments(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
        payments.server.createContext("/", payments::serve);
        payments.server.setExecutor(payments.threads);
        payments.server.start();
        return payments;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Lets every request fail, or no longer. */
    synchronized void down(boolean down) {
        isDown = down;
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var data = Json.object(
                    Json.parse(new String(exchange.getRequestBody().readNBytes(MAX_BODY), StandardCharsets.UTF_8)));
            var headers = exchange.getRequestHeaders();
            var answer = answer(
                    exchange.getRequestURI().getPath(),
                    headers.getFirst("Idempotency-Key"),
                    headers.getFirst("ce-undoes"),
                    data);
            byte[] body = Json.write(answer.body()).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private synchronized Answer answer(
            String path, @Nullable String commandId, @Nullable String undoes, Map<String, @Nullable Object> data) {
        if (isDown) {
            return new Answer(500, Map.of("message", "the bank does not answer"));
        }
        if (commandId == null) {
            return new Answer(400, Map.of("message", "found no Idempotency-Key, expected the command's id"));
        }
        var before = known.get(commandId);
        if (before != null) {
            return before;
        }
        var answer = path.equals("/charges") ? charge(data) : refund(undoes);
        known.put(commandId, answer);
        var eldest = known.keySet().iterator();
        if (known.size() > MAX_KNOWN) {
            eldest.next();
            eldest.remove();
        }
        return answer;
    }

    private static Answer charge(Map<String, @Nullable Object> data) {
        long cents = data.get("cents") instanceof Number number ? number.longValue() : 0;
        return cents > MOST_CENTS
                ? rejected("CardDeclined", "found " + cents + " cents, expected at most " + MOST_CENTS)
                : new Answer(
                        200,
                        Map.of("type", "Charged", "data", Map.of(PAYMENT_ID, "pay-" + Json.text(data.get("orderId")))));
    }

    /** Also of a charge that was never seen: should that one still come, it is refused. */
    private Answer refund(@Nullable String undoes) {
        if (undoes != null) {
            known.put(undoes, rejected("Refunded", "found the charge refunded before it came"));
        }
        return new Answer(200, Map.of("type", "Refunded", "data", Map.of()));
    }

    private static Answer rejected(String code, String message) {
        return new Answer(422, Map.of("code", code, "message", message));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
