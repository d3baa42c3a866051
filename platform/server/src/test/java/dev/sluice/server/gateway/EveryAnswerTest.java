package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.contract.OpenApi;
import dev.sluice.contract.OpenApi.Operation;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run over all operations: every answer that the document has is given, and each is as the document has it. */
class EveryAnswerTest {
    private static final OpenApi OPEN_API = OpenApi.ofResource();
    private static final String JSON = "application/json";
    private static final String YAML = "application/yaml";
    private static final String BATCH = "application/cloudevents-batch+json";
    private static final String EVENT = "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/t\",\"type\":\"T\"%s}";
    private static final String ORDERS = "/v1/projections/customer-orders";

    /** What takes a fault of the machine, Kafka, a class that has gone, or a process that has just begun. */
    private static final Set<String> NOT_PROVOKED = Set.of(
            "readRows 504 deadline_exceeded",
            "readRow 504 deadline_exceeded",
            "retryDeadLetter 409 not_retryable",
            "switchOver 409 no_generation",
            "rollback 409 generation_not_ready",
            "isStarted 503 unavailable",
            "webSocket 101");

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder, @TempDir Path jar) {
        server = Shelves.onClassPath(
                jar,
                () -> RunningServer.in(
                        folder,
                        "log.maxEvent",
                        "64KiB",
                        "log.maxAppend",
                        "256KiB",
                        "projections.required",
                        "customer-orders"));
        http = server.http();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void isGivenAsTheDocumentHasIt() {
        http.get("/health/ready");
        Examples.prepare(http);

        OPEN_API.operations().forEach(EveryAnswerTest::ask);
        append();
        read();
        define();
        operate();
        readRows();
        resolveDeadLetters();
        command();
        guard();
        upgrade();

        var documented = new TreeSet<String>();
        OPEN_API.operations().forEach(operation -> documented.addAll(answers(operation)));
        documented.removeAll(NOT_PROVOKED);
        documented.removeIf(EveryAnswerTest::needsASaga);
        assertThat(http.seen()).containsAll(documented).doesNotContainAnyElementsOf(NOT_PROVOKED);
    }

    /** {@link SagasOverHttpTest} has one, and its answers are held against the document too. */
    private static boolean needsASaga(String answer) {
        String id = answer.substring(0, answer.indexOf(' '));
        boolean isOfSagas = OPEN_API.operations().stream()
                .filter(each -> each.id().equals(id))
                .anyMatch(each -> each.json().getJsonArray("tags").contains("sagas"));
        return isOfSagas && (answer.endsWith(" 200") || answer.endsWith(" wrong_status")) && !id.equals("listSagas");
    }

    private static List<String> answers(Operation operation) {
        return operation.json().getJsonObject("responses").fieldNames().stream()
                .filter(status -> !status.equals("default"))
                .flatMap(status -> {
                    String answer = operation.id() + " " + status;
                    var codes = OPEN_API.codes(operation, status);
                    return codes.isEmpty()
                            ? java.util.stream.Stream.of(answer)
                            : codes.stream().map(code -> answer + " " + code);
                })
                .toList();
    }

    /** What every operation of its kind answers to the same mistakes. */
    private static void ask(Operation operation) {
        String path = Examples.path(OPEN_API, operation);
        send(operation, path + "?undocumented=1");
        if (has(operation, "query", "cursor")) {
            send(operation, path + "?cursor=~" + (path.contains("dead-letters/") ? "&all=true" : ""));
        }
        if (has(operation, "path", "projection")) {
            send(operation, path.replace("customer-orders", "nobody") + "?position=0:1");
            send(operation, path.replace("customer-orders", "nobody"));
        }
        if (has(operation, "header", "If-None-Match")) {
            http.get(path, "If-None-Match", header(http.get(path), "ETag"));
        }
        if (operation.json().getJsonObject("responses").containsKey("413")) {
            rawly(operation.method() + " " + path
                    + " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9000000000\r\n\r\n");
        }
        if (operation.json().getJsonArray("tags").contains("sagas")) {
            askForNoSaga(operation, path);
        }
        if (operation.method().equals("GET") && !operation.id().equals("readDeadLetter")) {
            http.get(path);
        }
    }

    private static void askForNoSaga(Operation operation, String path) {
        String status = has(operation, "query", "status") ? "?status=PARKED" : "";
        if (operation.method().equals("POST")) {
            String action = "{\"actionId\":\"a\",\"reason\":\"why not\"}";
            http.post(path + status, action);
            http.post(path + status, action, "Content-Encoding", "gzip");
        }
        http.get(path, "Accept", "image/png");
        if (has(operation, "query", "where")) {
            send(operation, path + "?where=a.");
            send(operation, path + "?status=PARKED&cursor=~");
        }
    }

    private static boolean has(Operation operation, String in, String name) {
        return OPEN_API.parameters(operation, in).stream()
                .anyMatch(each -> each.getString("name").equals(name));
    }

    private static void send(Operation operation, String path) {
        http.send(http.request(path).method(operation.method(), BodyPublishers.noBody()));
    }

    private static void command() {
        String path = "/v1/commands/ReserveStock";
        String reserve = "{\"stream\":\"%s\",\"data\":{\"order\":\"o\",\"quantity\":%s,\"note\":\"%s\"}}";
        http.post(path, reserve.formatted("stock-1", 1, ""), "Content-Type", JSON, "Idempotency-Key", "k");
        http.post(path, reserve.formatted("stock-1", 1, ""), "Content-Type", JSON, "Idempotency-Key", "k");
        http.post(path, reserve.formatted("stock-1", 2, ""), "Content-Type", JSON, "Idempotency-Key", "k");
        http.post(path, reserve.formatted("stock-1", 1, ""), "Content-Type", JSON, "If-Match", "\"7\"");
        http.post(path, reserve.formatted("stock-1", 99, ""), "Content-Type", JSON);
        http.post(path, reserve.formatted("stock-1", "true", ""), "Content-Type", JSON);
        http.post(path, reserve.formatted("stock-\\n", 1, ""), "Content-Type", JSON);
        http.post(path, reserve.formatted("stock-1", 1, "x".repeat(70_000)), "Content-Type", JSON);
        http.post(path, "{}", "Content-Type", JSON);
        http.post(path, "x", "Content-Type", "text/html");
        http.post("/v1/commands/Nobody", reserve.formatted("stock-1", 1, ""), "Content-Type", JSON);
    }

    private static void append() {
        String stream = "/v1/streams/append-1";
        http.post(stream + "?type=T", "1", "Content-Type", JSON, "Idempotency-Key", "k");
        http.post(stream + "?type=T", "1", "Content-Type", JSON, "Idempotency-Key", "k");
        http.post(stream + "?type=T", "2", "Content-Type", JSON, "Idempotency-Key", "k");
        http.post(stream + "?type=T", "1", "Content-Type", JSON, "If-Match", "\"7\"");
        http.post(stream + "?type=T", "1", "Content-Type", JSON, "If-None-Match", "*");
        http.post("/v1/streams/nobody-1?type=T", "1", "Content-Type", JSON, "If-Match", "*");
        http.post("/v1/streams/$mine?type=T", "1", "Content-Type", JSON);
        http.post("/v1/streams/a%0Ab?type=T", "1", "Content-Type", JSON);
        http.post(stream + "?type=T", "{", "Content-Type", JSON);
        http.post(stream, "x", "Content-Type", "text/html");
        http.post(stream + "?type=T", "\"" + "x".repeat(70_000) + "\"", "Content-Type", JSON);
        String large = EVENT.formatted(",\"data\":\"" + "x".repeat(60_000) + "\"");
        http.post(
                stream,
                "[" + String.join(",", List.of(large, large, large, large, large)) + "]",
                "Content-Type",
                BATCH);
        http.post(
                stream,
                "["
                        + EVENT.formatted(
                                ",\"big\":7,\"datacontenttype\":\"image/png\",\"tags\":\"a:b\",\"data_base64\":\"AA==\"")
                        + "]",
                "Content-Type",
                BATCH);
        http.post(
                stream,
                "text",
                "Content-Type",
                "text/plain",
                "ce-specversion",
                "1.0",
                "ce-id",
                "b",
                "ce-source",
                "/b",
                "ce-type",
                "Binary");
        rawly("POST /v1/streams/append-1?type=T HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n");
        assertThat(http.get(stream).body()).contains("data_base64").contains("\"data\":\"text\"");
    }

    private static void read() {
        for (String path : List.of("/v1/streams/append-1", "/v1/events")) {
            http.get(path + "?limit=3&direction=backward", "Accept", "application/x-ndjson");
            http.get(path, "Accept", JSON);
            http.get(path, "Accept", "text/html");
        }
        http.get("/play/nothing.js");
        http.get("/v1/streams/a%0Ab");
        http.get("/v1/streams/nobody-2");
        http.get("/v1/events?stream=a%0Ab");
        http.get("/v1/events?after=x");
        http.get("/v1/ws?stream=a%0Ab");
        http.get("/v1/ws?after=x");
        http.get("/v1/ws?where=data.");
        http.get("/v1/projections/customer-orders/rows", "Accept", "image/png");
        http.get("/v1/events?where=data.");
        http.get("/v1/events?stream=$projection.customer-orders");
        http.append("mixed-1", "T", "{\"x\":\"text\"}");
        http.append("mixed-1", "T", "{\"x\":7}");
        http.get("/v1/events?category=mixed&where=data.x%3E5");
        assertThat(http.get("/v1/events?category=mixed&where=data.x%3E5&follow=true&limit=1")
                        .body())
                .contains("\"problem\"")
                .contains("\"cursor\"");
        http.get("/v1/events/0:999999");
        http.get("/v1/events/0:999999/why");
        http.get("/v1/events/0:1/why?all=true");
        http.get(ORDERS + "/explain?position=0:1");
        http.get(ORDERS + "/explain?position=0:999999");
    }

    private static void define() {
        String definition = "projection: defined\nfrom: { category: x }\nfold: { T: { n: count() } }\n";
        String path = "/v1/projections/defined";
        http.put(path + "?dryRun=true", definition, "Content-Type", YAML);
        http.put(path, definition, "Content-Type", YAML);
        http.put(path, definition, "Content-Type", YAML);
        http.put(path, "projection: [", "Content-Type", YAML);
        http.put(path, "projection: defined\nfold: 1", "Content-Type", YAML);
        http.put(path, definition, "Content-Type", "text/html");
        http.send(http.request(path).DELETE());
        String test = "/v1/projections/test";
        var example = OPEN_API.operations().stream()
                .filter(each -> each.id().equals("testDefinition"))
                .findFirst()
                .orElseThrow()
                .json()
                .getJsonObject("requestBody")
                .getJsonObject("content")
                .getJsonObject(JSON)
                .getJsonObject("example");
        assertThat(json(http.post(test, example.encode())).getJsonArray("differences"))
                .isEmpty();
        http.post(
                test,
                example.copy()
                        .put("rows", new JsonObject("{\"2\":{\"gross\":1}}"))
                        .encode());
        http.post(test, example.copy().put("definition", "x").encode());
        http.post(test, example.encode().replace("\"specversion\":\"1.0\",", ""));
        http.post(test, example.encode(), "Content-Encoding", "gzip");
    }

    private static void operate() {
        http.post(ORDERS + "/rollback", "");
        http.post(ORDERS + "/rebuild", "");
        awaitGeneration(2);
        http.post(ORDERS + "/rollback", "");
        awaitGeneration(1);
        http.post(ORDERS + "/pause?reason=why%20not", "");
        http.post(ORDERS + "/rebuild?hold=true", "");
        http.append("order-2", "OrderPlaced", "{\"customerId\":\"cust-8\",\"total\":1}");
        http.get(ORDERS);
        http.get("/v1/info");
        http.post(ORDERS + "/switch", "");
        http.post(ORDERS + "/resume", "");
        await().until(() -> http.post(ORDERS + "/switch", "").statusCode() == 200);
    }

    private static void awaitGeneration(int generation) {
        await().until(() -> json(http.get(ORDERS)).getInteger("generation") == generation);
    }

    private static void readRows() {
        String future = dev.sluice.log.Cursor.of(1_000_000).encode();
        for (String rows : List.of(ORDERS + "/rows", ORDERS + "/rows/cust-7")) {
            http.get(rows + "?waitMs=1&after=" + future);
            http.get(rows + "?after=x");
            http.get(rows + "?at=1ms&numbers=string&fields=gross");
        }
        http.get(ORDERS + "/rows?where=gross%3E");
        http.get(ORDERS + "/rows?orderBy=orders&scan=true&limit=1");
        http.get(ORDERS + "/rows/nobody");
    }

    private static void resolveDeadLetters() {
        for (int i = 0; i < 3; i++) {
            http.append("order-9", "OrderPlaced", "{\"customerId\":\"bad-" + i + "\",\"total\":\"many\"}");
        }
        await().until(() -> letters().size() == 3);
        String first = letters().get(0);
        http.get("/v1/events/" + first + "/why");
        http.get("/v1/dead-letters/" + first);
        http.post("/v1/dead-letters/" + first + "/retry", "");
        http.post("/v1/dead-letters/" + letters().get(0) + "/discard", "");
        http.post("/v1/dead-letters/retry?consumer=projection:customer-orders&limit=1", "");
        http.post("/v1/dead-letters/discard?all=true", "");
        http.get("/v1/dead-letters?state=all");
        http.get("/v1/dead-letters/0:999999");
        http.post("/v1/dead-letters/0:999999/retry", "");
        http.post("/v1/dead-letters/0:999999/discard", "");
    }

    private static List<String> letters() {
        return json(http.get("/v1/dead-letters")).getJsonArray("deadLetters").stream()
                .map(letter -> ((JsonObject) letter).getString("id"))
                .toList();
    }

    private static void guard() {
        String mesh = "/v1/mesh/policies";
        String breaker = "/v1/mesh/breakers/shard.0.append";
        String policies = "policies: [ { name: p, match: { address: 'shard.*.append' }, outbound: { breaker: {},"
                + " concurrency: { fixed: 9 }, rateLimit: [ { capacity: 1000 } ] } } ]";
        for (String text : List.of("policies: 1", policies.replace("breaker: {}", "perTryTimeout: 1h"), policies)) {
            http.post(mesh + "/dry-run", text, "Content-Type", YAML);
            http.put(mesh, text, "Content-Type", YAML);
        }
        http.post(mesh + "/dry-run", policies, "Content-Type", "text/html");
        http.put(mesh, policies, "Content-Type", "text/html");
        http.put(mesh, policies, "Content-Type", YAML, "If-Match", "\"77\"");
        http.append("guarded-1", "T", "1");
        for (String verb : List.of("open", "reset", "disable", "reset")) {
            http.post(breaker + "/" + verb + "?reason=a%20test", "");
            http.post("/v1/mesh/breakers/nobody/" + verb, "");
            http.get(breaker);
        }
        assertThat(json(http.get("/v1/mesh/breakers")).getJsonArray("breakers")).hasSize(1);
        assertThat(json(http.get("/v1/mesh/limits")).getJsonArray("limits")).hasSize(2);
        assertThat(json(http.get(mesh)).getJsonArray("policies")).hasSize(1);
        http.get(mesh + "/explain?address=shard.0.append");
        http.get("/v1/mesh/breakers/nobody");
    }

    private static void upgrade() {
        rawly("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                + "Sec-WebSocket-Protocol: other\r\n\r\n"
                + "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }

    /** Sends what the JDK's client does not; the last request ends the connection. */
    private static void rawly(String request) {
        var words = request.split("[ ?]", 3);
        http.see(words[0], words[1], http.raw(request));
    }
}
