package dev.sluice.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The OpenAPI document as a judge of answers. */
public final class OpenApi {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete");

    /** Headers that are ours, or that mean something to clients: an answer has them only where the document says so. */
    private static final Pattern TOLD = Pattern.compile("sluice-.*|etag|cache-control|retry-after|upgrade");

    /** Of a list of events; to judge one takes about a millisecond. */
    private static final int MOST_JUDGED = 20;

    private final Document document;
    private final List<Operation> operations;

    /** What one method does at one path; {@code path} with variables in braces, {@code method} in capitals. */
    public record Operation(String method, String path, JsonObject json) {
        public String id() {
            return json.getString("operationId");
        }

        private boolean isAt(String rawPath) {
            String regex = Stream.of(path.split("/", -1))
                    .map(part -> part.startsWith("{") ? "[^/]*" : Pattern.quote(part))
                    .collect(Collectors.joining("/"));
            return rawPath.matches(regex);
        }

        private long variables() {
            return path.chars().filter(c -> c == '{').count();
        }
    }

    /** An answer as it came; {@code body} empty for none. */
    public record Answer(int status, Map<String, String> headers, String body) {
        public static Answer of(int status, HttpHeaders headers, String body) {
            var firsts = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
            headers.map().forEach((name, values) -> firsts.put(name, values.get(0)));
            return new Answer(status, firsts, body);
        }

        private String mediaType() {
            String type = headers.getOrDefault("Content-Type", "");
            return type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        }
    }

    private OpenApi(Document document) {
        this.document = document;
        this.operations = operations(document);
    }

    /** As it is written. */
    public static OpenApi ofResource() {
        return of(Document.resource("openapi.yaml", Draft.DRAFT202012));
    }

    public static OpenApi of(Document document) {
        return new OpenApi(document);
    }

    private static List<Operation> operations(Document document) {
        var operations = new ArrayList<Operation>();
        for (var path : document.json().getJsonObject("paths")) {
            var item = (JsonObject) path.getValue();
            METHODS.stream().filter(item::containsKey).forEach(method -> {
                var operation = item.getJsonObject(method).copy();
                var shared = item.getJsonArray("parameters", new JsonArray());
                operation.put(
                        "parameters", shared.copy().addAll(operation.getJsonArray("parameters", new JsonArray())));
                operations.add(new Operation(method.toUpperCase(Locale.ROOT), path.getKey(), operation));
            });
        }
        operations.sort(Comparator.comparing(Operation::variables));
        return operations;
    }

    public Document document() {
        return document;
    }

    public List<Operation> operations() {
        return operations;
    }

    /** Those of an operation that stand {@code in} query, path or header. */
    public List<JsonObject> parameters(Operation operation, String in) {
        return operation.json().getJsonArray("parameters").stream()
                .map(parameter -> document.resolved((JsonObject) parameter))
                .filter(parameter -> parameter.getString("in").equals(in))
                .toList();
    }

    /** A response by its status or {@code default}. */
    public JsonObject response(Operation operation, String status) {
        return document.resolved(operation.json().getJsonObject("responses").getJsonObject(status));
    }

    /** The codes of problems that an operation may answer with a status. */
    public List<String> codes(Operation operation, String status) {
        var problem = response(operation, status)
                .getJsonObject("content", new JsonObject())
                .getJsonObject("application/problem+json");
        if (problem == null) {
            return List.of();
        }
        var code = problem.getJsonObject("schema").getJsonObject("properties").getJsonObject("code");
        return code.containsKey("const")
                ? List.of(code.getString("const"))
                : code.getJsonArray("enum").stream().map(String::valueOf).toList();
    }

    /** Fails unless an answer is one that the document allows; answers {@code operationId status}, with the code of a problem. */
    public String judge(String method, String rawPath, Answer answer) {
        boolean isHead = method.equals("HEAD");
        Optional<Operation> operation = operations.stream()
                .filter(each -> each.isAt(rawPath) && each.method().equals(isHead ? "GET" : method))
                .findFirst();
        var problems = operation
                .map(known -> problems(known, answer, isHead))
                .orElseGet(() -> problemsOfNoOperation(rawPath, answer));
        assertThat(problems).as("%s %s: %s", method, rawPath, answer).isEmpty();
        return operation.map(Operation::id).orElse("none") + " " + answer.status()
                + (answer.mediaType().equals("application/problem+json") && !isHead
                        ? " " + new JsonObject(answer.body()).getString("code")
                        : "");
    }

    /**
     * Paths and methods that are not there have problems of their own; so have what the door and the reader of requests do not
     * let come to a route.
     */
    private List<String> problemsOfNoOperation(String rawPath, Answer answer) {
        boolean isPath = operations.stream().anyMatch(each -> each.isAt(rawPath));
        if (answer.status() != (isPath ? 405 : 404)
                && !Set.of(400, 403, 414, 431).contains(answer.status())) {
            return List.of("status " + answer.status() + " is not documented");
        }
        var schema = new JsonObject().put("$ref", "#/components/schemas/Problem");
        return problemsOfProblem(schema, new JsonObject(answer.body()), answer.status());
    }

    private List<String> problemsOfProblem(Object schema, JsonObject problem, int status) {
        return problem.getInteger("status", 0) == status
                ? document.problems(schema, problem)
                : List.of("the problem has another status than the answer");
    }

    private List<String> problems(Operation operation, Answer answer, boolean isHead) {
        var responses = operation.json().getJsonObject("responses");
        String status = String.valueOf(answer.status());
        var response = response(operation, responses.containsKey(status) ? status : "default");
        var problems = new ArrayList<>(problemsOfHeaders(response, answer));
        var content = response.getJsonObject("content", new JsonObject());
        if (content.isEmpty() || isHead) {
            if (!answer.body().isEmpty()) {
                problems.add("has a body");
            }
        } else if (!content.containsKey(answer.mediaType())) {
            problems.add("media type '" + answer.mediaType() + "' is not documented");
        } else {
            problems.addAll(
                    problemsOfBody(content.getJsonObject(answer.mediaType()).getValue("schema"), answer));
        }
        return problems;
    }

    private List<String> problemsOfHeaders(JsonObject response, Answer answer) {
        var problems = new ArrayList<String>();
        var documented = response.getJsonObject("headers", new JsonObject());
        for (var header : documented) {
            var told = document.resolved((JsonObject) header.getValue());
            String value = answer.headers().get(header.getKey());
            if (value != null) {
                document.problems(told.getValue("schema"), value(value, told.getJsonObject("schema")))
                        .forEach(problem -> problems.add("header " + header.getKey() + problem));
            } else if (told.getBoolean("required", false)) {
                problems.add("header " + header.getKey() + " is missing");
            }
        }
        answer.headers().keySet().stream()
                .filter(name -> TOLD.matcher(name.toLowerCase(Locale.ROOT)).matches()
                        && documented.fieldNames().stream().noneMatch(name::equalsIgnoreCase))
                .forEach(name -> problems.add("header " + name + " is not documented"));
        return problems;
    }

    private static Object value(String text, JsonObject schema) {
        return "integer".equals(schema.getString("type")) ? Long.valueOf(text) : text;
    }

    private List<String> problemsOfBody(Object schema, Answer answer) {
        return switch (answer.mediaType()) {
            case "text/plain", "text/vnd.mermaid", "text/html", "text/javascript", "text/css", "image/svg+xml" ->
                document.problems(schema, answer.body());
            case "application/x-ndjson" ->
                answer.body()
                        .lines()
                        .limit(MOST_JUDGED)
                        .flatMap(line -> document.problems(schema, json(line)).stream())
                        .toList();
            case "text/event-stream" ->
                answer.body()
                        .lines()
                        .filter(line -> line.startsWith("data: "))
                        .limit(MOST_JUDGED)
                        .flatMap(line -> document.problems(schema, json(line.substring("data: ".length()))).stream())
                        .toList();
            case "application/problem+json" ->
                problemsOfProblem(schema, new JsonObject(answer.body()), answer.status());
            default -> document.problems(schema, begun(json(answer.body())));
        };
    }

    private static @Nullable Object begun(@Nullable Object json) {
        return json instanceof JsonArray list
                ? new JsonArray(list.stream().limit(MOST_JUDGED).collect(Collectors.toList()))
                : json;
    }

    private static @Nullable Object json(String text) {
        return Json.decodeValue(text);
    }
}
