package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.contract.OpenApi;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Asks a server over real sockets, as a client from outside would: the JDK's client, or bytes as they are. Each whole answer must
 * be one that the OpenAPI document allows.
 */
final class HttpProbe {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final OpenApi OPEN_API = OpenApi.ofResource();

    private final int port;
    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    HttpProbe(int port) {
        this.port = port;
    }

    int port() {
        return port;
    }

    /** {@code headers}: name, value, name, value… */
    HttpRequest.Builder request(String path, String... headers) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(PATIENCE);
        return headers.length == 0 ? request : request.headers(headers);
    }

    HttpResponse<String> get(String path, String... headers) {
        return send(request(path, headers).GET());
    }

    HttpResponse<String> post(String path, String body, String... headers) {
        return send(request(path, headers).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    HttpResponse<String> put(String path, String body, String... headers) {
        return send(request(path, headers).PUT(HttpRequest.BodyPublishers.ofString(body)));
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            see(
                    answer.request().method(),
                    answer.uri().getRawPath(),
                    OpenApi.Answer.of(answer.statusCode(), answer.headers(), answer.body()));
            return answer;
        } catch (IOException | InterruptedException broken) {
            throw new AssertionError("no answer", broken);
        }
    }

    /** Judges an answer. */
    void see(String method, String rawPath, OpenApi.Answer answer) {
        seen.add(OPEN_API.judge(method, rawPath, answer));
    }

    /** Judges the first of the answers that came in bytes, ASCII as those to mistakes are. */
    void see(String method, String rawPath, String answers) {
        String[] parts = answers.split("\r\n\r\n", 2);
        String[] lines = parts[0].split("\r\n");
        var headers = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        Arrays.stream(lines).skip(1).map(line -> line.split(": ", 2)).forEach(each -> headers.put(each[0], each[1]));
        String body = parts[1].substring(0, Integer.parseInt(headers.get("Content-Length")));
        see(method, rawPath, new OpenApi.Answer(Integer.parseInt(lines[0].split(" ")[1]), headers, body));
    }

    /** What has been answered so far: {@code operationId status}, with the code of a problem. */
    Set<String> seen() {
        return Set.copyOf(seen);
    }

    /** The lines of an answer that may have no end. */
    HttpResponse<java.io.InputStream> open(String path, String... headers) {
        try {
            return client.send(request(path, headers).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException | InterruptedException broken) {
            throw new AssertionError("no answer", broken);
        }
    }

    /** Appends one plain JSON event and answers what the server said. */
    JsonObject append(String stream, String type, String data) {
        var answer = post("/v1/streams/" + stream + "?type=" + type, data, "Content-Type", "application/json");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return json(answer);
    }

    /** Everything that comes back to some bytes until the server closes or {@code Connection: close} does it. */
    String raw(String request) {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new AssertionError("no answer", broken);
        }
    }

    static JsonObject json(HttpResponse<String> answer) {
        return new JsonObject(answer.body());
    }

    static JsonArray array(HttpResponse<String> answer) {
        return new JsonArray(answer.body());
    }

    static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse("none");
    }

    /** A problem document with everything that one has. */
    static JsonObject problem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
        return problem(answer.body(), status, code);
    }

    static JsonObject problem(String body, int status, String code) {
        var problem = new JsonObject(body);
        assertThat(problem.getString("code")).as(body).isEqualTo(code);
        assertThat(problem.getString("type")).isEqualTo("urn:sluice:problem:" + code);
        assertThat(problem.getInteger("status")).isEqualTo(status);
        assertThat(problem.getString("title")).isNotBlank();
        assertThat(problem.getString("traceId")).matches("[0-9a-f]{32}");
        assertThat(problem.getString("detail")).contains("expected");
        assertThat(body).doesNotContain("Exception").doesNotContain("\tat ");
        return problem;
    }
}
