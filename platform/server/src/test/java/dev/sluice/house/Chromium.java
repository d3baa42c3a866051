package dev.sluice.house;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** A headless Chromium with one page, driven over the DevTools protocol; it remembers what the page asked for and said. */
final class Chromium implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/.*");
    private static final List<String> FLAGS = List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--remote-debugging-port=0");

    private final Process process;
    private final WebSocket socket;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> complaints = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> requests = new ConcurrentLinkedQueue<>();

    private Chromium(Process process, String host) throws IOException, InterruptedException {
        this.process = process;
        var http = HttpClient.newHttpClient();
        var target = HttpRequest.newBuilder(URI.create("http://" + host + "/json/new?about:blank"))
                .PUT(HttpRequest.BodyPublishers.noBody())
                .build();
        var page = SeenEvent.JSON.readTree(
                http.send(target, HttpResponse.BodyHandlers.ofString()).body());
        this.socket = http.newWebSocketBuilder()
                .buildAsync(URI.create(page.required("webSocketDebuggerUrl").textValue()), new Listener())
                .join();
        for (var domain : List.of("Runtime", "Log", "Network", "Page")) {
            send(domain + ".enable", SeenEvent.JSON.createObjectNode());
        }
    }

    /** {@code $CHROMIUM}, else Debian's; empty when there is none. */
    static Optional<Path> installed() {
        var named = System.getenv("CHROMIUM");
        return Optional.of(Path.of(named == null ? "/usr/bin/chromium" : named)).filter(Files::isExecutable);
    }

    /** Starts it with a fresh profile in a folder. */
    static Chromium start(Path program, Path profile) {
        try {
            var command = new java.util.ArrayList<>(FLAGS);
            command.add(0, program.toString());
            command.add("--user-data-dir=" + profile);
            command.add("about:blank");
            var process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new Chromium(process, host(process.errorReader()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String host(BufferedReader output) throws IOException {
        for (var line = output.readLine(); line != null; line = output.readLine()) {
            var listening = LISTENING.matcher(line);
            if (listening.matches()) {
                var drain = new Thread(() -> output.lines().forEach(unread -> {}), "chromium-output");
                drain.setDaemon(true);
                drain.start();
                return listening.group(1);
            }
        }
        throw new IllegalStateException("Chromium ended before it said where it listens");
    }

    /** Opens a page and waits until it is loaded. */
    void open(URI uri) {
        send("Page.navigate", SeenEvent.JSON.createObjectNode().put("url", uri.toString()));
        await("loaded", "document.readyState === 'complete' && location.href === '" + uri + "'");
    }

    /** The value of an expression in the page; a promise is waited for. */
    JsonNode evaluate(String expression) {
        var answer = send(
                "Runtime.evaluate",
                SeenEvent.JSON
                        .createObjectNode()
                        .put("expression", expression)
                        .put("awaitPromise", true)
                        .put("returnByValue", true));
        if (answer.has("exceptionDetails")) {
            throw new IllegalStateException(expression + " failed: " + answer.get("exceptionDetails"));
        }
        return answer.required("result").path("value");
    }

    /** Waits until a condition, an expression in the page, is true. */
    void await(String what, String condition) {
        await(what, "Boolean(" + condition + ")", JsonNode::booleanValue);
    }

    /** Waits until the value of an expression in the page is as wanted. */
    void await(String what, String expression, Predicate<JsonNode> isWanted) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> isWanted.test(evaluate(expression)));
    }

    /** Presses a key that has a character, or Tab, Enter, Escape. */
    void press(String key, int keyCode, String text) {
        var event = SeenEvent.JSON
                .createObjectNode()
                .put("type", "keyDown")
                .put("key", key)
                .put("windowsVirtualKeyCode", keyCode)
                .put("text", text);
        send("Input.dispatchKeyEvent", event);
        send("Input.dispatchKeyEvent", event.deepCopy().put("type", "keyUp").put("text", ""));
    }

    void type(String text) {
        send("Input.insertText", SeenEvent.JSON.createObjectNode().put("text", text));
    }

    /** What is in the console as a warning or an error, uncaught exceptions and violations of the policy included. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** The address of every request and WebSocket. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    private JsonNode send(String method, ObjectNode parameters) {
        int id = lastId.incrementAndGet();
        var answer = new CompletableFuture<JsonNode>();
        answers.put(id, answer);
        var message = SeenEvent.JSON.createObjectNode().put("id", id).put("method", method);
        socket.sendText(message.set("params", parameters).toString(), true).join();
        var answered = answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        if (answered.has("error")) {
            throw new IllegalStateException(method + " failed: " + answered.get("error"));
        }
        return answered.required("result");
    }

    private void heard(JsonNode message) {
        if (message.has("id")) {
            answers.remove(message.get("id").intValue()).complete(message);
            return;
        }
        var parameters = message.path("params");
        switch (message.path("method").asText()) {
            case "Runtime.exceptionThrown" ->
                complaints.add(parameters.path("exceptionDetails").toString());
            case "Runtime.consoleAPICalled" -> complain(parameters.path("type").asText(), parameters);
            case "Log.entryAdded" -> {
                var entry = parameters.path("entry");
                complain(entry.path("level").asText(), entry);
            }
            case "Network.requestWillBeSent" ->
                requests.add(parameters.path("request").path("url").asText());
            case "Network.webSocketCreated" ->
                requests.add(parameters.path("url").asText());
            default -> {}
        }
    }

    private void complain(String level, JsonNode what) {
        if (level.matches("warning|error|assert")) {
            complaints.add(what.toString());
        }
    }

    @Override
    public void close() {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            text.append(part);
            if (isLast) {
                try {
                    heard(SeenEvent.JSON.readTree(text.toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    text.setLength(0);
                }
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }
    }
}
