package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.contract.Document;
import dev.sluice.contract.OpenApi;
import dev.sluice.contract.OpenApi.Operation;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.server.Version;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.json.schema.Draft;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code /openapi.json} says which routes there are, and what each takes. What they answer, {@link EveryAnswerTest} holds against it. */
class OpenApiContractTest {
    private static final OpenApi OPEN_API = OpenApi.ofResource();
    private static final Pattern VARIABLE = Pattern.compile("\\{([^}]*)}");
    private static final String UNKNOWN = "found unknown parameter 'undocumented', expected ";

    /** Failures that no request meets. */
    private static final Set<String> NOT_OVER_HTTP = Set.of(
            "cross_shard_append", "source_gap", "source_changed", "bypasses_mesh", "newer_format", "config_invalid");

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder);
        http = server.http();
        Examples.prepare(http);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void hasEveryRouteOfTheRouterWithItsMethodsAndNoOther(@TempDir Path folder) {
        var registered = new TreeSet<String>();
        for (var route : router(folder).getRoutes()) {
            Set<HttpMethod> methods = route.methods() == null ? Set.of() : route.methods();
            methods.forEach(method -> registered.add(method + " " + route.getName()));
        }

        var documented = new TreeSet<String>();
        OPEN_API.operations().forEach(operation -> {
            documented.add(operation.method() + " " + operation.path());
            if (operation.method().equals("GET")) {
                documented.add("HEAD " + operation.path());
            }
        });
        assertThat(registered).isEqualTo(documented);
    }

    /** That of a gateway; nothing is asked of the rooms behind it. */
    private static Router router(Path folder) {
        var vertx = Vertx.vertx();
        try (var log = Log.open(folder, LogOptions.defaults())) {
            var events = new LocalEventLog(vertx, log, EventBusMesh.on(vertx), new ReadPool(vertx, 1));
            var rooms = new Gateway.Rooms(events, null, null, null, null, List.of(), null, null, null);
            var options = new GatewayOptions("127.0.0.1", 0, List.of(), List.of(), 1 << 20);
            var metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            return new Gateway(vertx, options, rooms, new Info("1", "n1", 0, () -> 0, () -> null), null, metrics)
                    .router();
        } finally {
            vertx.close().await();
        }
    }

    static Stream<String> operations() {
        return OPEN_API.operations().stream().map(Operation::id);
    }

    private static Operation operation(String id) {
        return OPEN_API.operations().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("operations")
    void hasEveryParameterThatARouteTakesAndNoOther(String id) {
        var documented = new TreeSet<String>();
        OPEN_API.parameters(operation(id), "query").forEach(each -> documented.add(each.getString("name")));

        String detail = problem(ask(operation(id), "undocumented", "1", false), 400, "invalid_request")
                .getString("detail");

        assertThat(detail).startsWith(UNKNOWN);
        String taken = detail.substring(UNKNOWN.length());
        assertThat(taken.equals("none") ? Set.of() : new TreeSet<>(Arrays.asList(taken.split(", "))))
                .isEqualTo(documented);
    }

    @ParameterizedTest
    @MethodSource("operations")
    void saysWhichValuesAParameterMayHave(String id) {
        Operation operation = operation(id);
        for (var parameter : OPEN_API.parameters(operation, "query")) {
            String name = parameter.getString("name");
            JsonObject schema = OPEN_API.document().resolved(parameter.getJsonObject("schema"));

            for (String value : refused(schema)) {
                assertThat(ask(operation, name, value, false).statusCode())
                        .as("%s=%s", name, value)
                        .isEqualTo(400);
            }
            boolean isAlone = operation.method().equals("GET") && !parameter.containsKey("x-needs");
            for (String value : isAlone ? allowed(parameter, schema) : List.<String>of()) {
                assertThat(ask(operation, name, value, true).statusCode())
                        .as("%s=%s", name, value)
                        .isNotEqualTo(400);
            }
        }
    }

    private static List<String> refused(JsonObject schema) {
        var values = new ArrayList<String>();
        if ("integer".equals(schema.getString("type"))) {
            values.addAll(List.of("x", "1.5", String.valueOf(schema.getLong("minimum") - 1)));
            if (schema.containsKey("maximum")) {
                values.add(String.valueOf(schema.getLong("maximum") + 1));
            }
        } else if (schema.containsKey("enum") || "boolean".equals(schema.getString("type"))) {
            values.addAll(List.of("", "other"));
        } else if (schema.getInteger("minLength", 0) > 0) {
            values.add("");
        }
        if (schema.containsKey("maxLength")) {
            values.add("x".repeat(schema.getInteger("maxLength") + 1));
        }
        return values;
    }

    private static List<String> allowed(JsonObject parameter, JsonObject schema) {
        var values = new ArrayList<String>();
        for (var source : List.of(parameter.getMap(), schema.getMap())) {
            Stream.of("example", "default", "minimum", "maximum")
                    .filter(source::containsKey)
                    .forEach(each -> values.add(String.valueOf(source.get(each))));
        }
        if (schema.containsKey("enum")) {
            schema.getJsonArray("enum").forEach(word -> values.add(String.valueOf(word)));
        } else if ("boolean".equals(schema.getString("type"))) {
            values.addAll(List.of("true", "false"));
        }
        return values;
    }

    /** Asks with one parameter beside those that are needed; {@code isHead}: for the head of a GET, since that of follow has an end. */
    private static HttpResponse<String> ask(Operation operation, String name, String value, boolean isHead) {
        var query = new StringBuilder("?" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
        if (name.equals("checkpoints")) {
            query.append("&follow=true");
        }
        OPEN_API.parameters(operation, "query").stream()
                .filter(each -> each.getBoolean("required", false)
                        && !each.getString("name").equals(name))
                .forEach(each -> query.append("&")
                        .append(each.getString("name"))
                        .append("=")
                        .append(each.getString("example")));
        var request = http.request(Examples.path(OPEN_API, operation) + query);
        boolean hasBody = operation.id().equals("append");
        return http.send((hasBody ? request.header("Content-Type", "application/json") : request)
                .method(
                        isHead ? "HEAD" : operation.method(),
                        hasBody ? BodyPublishers.ofString("1") : BodyPublishers.noBody()));
    }

    @Test
    void namesEachCodeWithTheStatusThatItHas() {
        var codes = OPEN_API.document()
                .json()
                .getJsonObject("components")
                .getJsonObject("schemas")
                .getJsonObject("Problem")
                .getJsonObject("properties")
                .getJsonObject("code")
                .getJsonArray("enum");
        var expected = Arrays.stream(Failure.Kind.values())
                .map(Failure.Kind::code)
                .filter(code -> !NOT_OVER_HTTP.contains(code))
                .toList();
        assertThat(codes.stream().map(String::valueOf)).containsExactlyElementsOf(expected);
        for (var operation : OPEN_API.operations()) {
            for (String status : operation.json().getJsonObject("responses").fieldNames()) {
                if (!status.equals("default") && !status.equals("426")) {
                    assertThat(OPEN_API.codes(operation, status))
                            .as("%s %s", operation.id(), status)
                            .allSatisfy(code -> assertThat(Failure.Kind.valueOf(code.toUpperCase(java.util.Locale.ROOT))
                                            .httpStatus())
                                    .isEqualTo(Integer.parseInt(status)));
                }
            }
        }
    }

    @Test
    void isAnOpenApiDocument() {
        var wrong = OPEN_API.document().json().copy();
        wrong.getJsonObject("paths")
                .getJsonObject("/v1/info")
                .getJsonObject("get")
                .put("responses", "many");

        assertThat(problemsByMetaSchema(OPEN_API.document())).isEmpty();
        assertThat(problemsByMetaSchema(new Document(wrong, Draft.DRAFT202012))).isNotEmpty();
        assertThat(OPEN_API.document().slips()).isEmpty();
        assertThat(operations().toList()).doesNotHaveDuplicates();
        assertThat(OPEN_API.operations()).allSatisfy(operation -> {
            var variables = VARIABLE.matcher(operation.path()).results().map(each -> each.group(1));
            assertThat(OPEN_API.parameters(operation, "path").stream().map(each -> each.getString("name")))
                    .containsExactlyInAnyOrderElementsOf(variables.toList());
        });
    }

    private static List<String> problemsByMetaSchema(Document document) {
        var vertx = Vertx.vertx();
        try {
            return document.problemsBy(
                    meta("schema-base/2022-10-07"),
                    vertx.fileSystem(),
                    meta("schema/2022-10-07"),
                    meta("dialect/base"),
                    meta("meta/base"));
        } finally {
            vertx.close().await();
        }
    }

    private static JsonObject meta(String name) {
        return Examples.resource("/spec.openapis.org/oas/3.1/" + name);
    }

    @Test
    void hasExamplesThatItAllows() {
        int count = 0;
        for (var operation : OPEN_API.operations()) {
            for (var example : Examples.of(OPEN_API, operation)) {
                assertThat(OPEN_API.document().problems(example.schema(), example.value()))
                        .as("%s: %s", operation.id(), example.value())
                        .isEmpty();
                count++;
            }
        }
        assertThat(count).isGreaterThan(20);
    }

    @Test
    void isServedWithTheVersionOfTheBuild() {
        for (String name : List.of("openapi", "asyncapi")) {
            var answer = http.get("/" + name + ".json");
            String tag = header(answer, "ETag");

            assertThat(json(answer).getString(name)).isIn("3.1.0", "3.0.0");
            assertThat(json(answer).getJsonObject("info").getString("version")).isEqualTo(Version.NUMBER);
            assertThat(header(answer, "Cache-Control")).isEqualTo("no-cache");
            assertThat(http.get("/" + name + ".json", "If-None-Match", "\"x\", W/" + tag)
                            .statusCode())
                    .isEqualTo(304);
        }
        var served = json(http.get("/openapi.json"));
        served.getJsonObject("info").put("version", "");
        assertThat(served).isEqualTo(OPEN_API.document().json());
        assertThat(http.raw("GET /openapi.json HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
    }
}
