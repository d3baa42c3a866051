package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes over the socket, the answer is a clean one: never a stack trace, never a 500. */
class RequestsFromOutsideTest {
    private static final int MAX_BODY = 2 << 20;
    private static final String HOST = "Host: localhost\r\n";

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder, "http.maxBody", "2MiB", "http.allowedOrigins", "http://ops.example.com");
        http = server.http();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/v1/nothing,404,not_found",
        "GET,/v1/streams/a/b,404,not_found",
        "GET,/v2/events,404,not_found",
        "GET,//v1/events,404,not_found",
        "GET,/v1/events/,400,invalid_request",
        "GET,/v1/events/1,400,invalid_request",
        "GET,/v1/events/0:0,400,invalid_request",
        "GET,/v1/events/0:999,404,event_not_found",
        "GET,/v1/events/7:1,404,event_not_found",
        "GET,/v1/events?tag=a,400,invalid_request",
        "GET,/v1/events?correlation=a,400,invalid_request",
        "GET,/v1/events?until=2026-01-01T00:00:00Z,400,invalid_request",
        "GET,/v1/events?limit=1&limit=1,400,invalid_request",
        "GET,/v1/events?limit=1001,400,invalid_request",
        "GET,/v1/events?limit=0,400,invalid_request",
        "GET,/v1/events?after=rubbish,400,invalid_cursor",
        "GET,/v1/events?after=,400,invalid_cursor",
        "GET,/v1/events?after=AQABAAAAAAAAA-g,400,invalid_cursor",
        "GET,/v1/events?follow=true&after=AQABAAAAAAAAA-g,400,invalid_cursor",
        "GET,/v1/events?since=tomorrow,400,invalid_request",
        "GET,/v1/events?direction=sideways,400,invalid_request",
        "GET,/v1/events?stream=,400,invalid_stream",
        "GET,/v1/events?type=,400,invalid_request",
        "GET,/v1/events?checkpoints=true,400,invalid_request",
        "GET,/v1/events?follow=true&direction=backward,400,invalid_request",
        "GET,/v1/events?where=data.,400,filter_invalid",
        "GET,/v1/streams/nobody-1,404,stream_not_found",
        "GET,/v1/streams/,400,invalid_stream",
        "GET,/v1/streams/a%0Ab,400,invalid_stream",
        "GET,/v1/streams/a?from=0,400,invalid_request",
        "GET,/v1/streams?cursor=%25%25,400,invalid_cursor",
        "GET,/v1/projections/none,404,projection_not_found",
        "GET,/v1/projections/none/rows,404,projection_not_found",
        "GET,/v1/projections/none/rows/k,404,projection_not_found",
        "GET,/v1/shards?x=1,400,invalid_request",
        "GET,/health/live?x=1,400,invalid_request",
        "GET,/v1/ws,426,invalid_request",
        "GET,/v1/ws?x=1,400,invalid_request",
        "DELETE,/v1/projections/none,404,projection_not_found",
        "GET,/v1/mesh,404,not_found",
        "GET,/v1/mesh/breakers/,404,breaker_not_found",
        "GET,/v1/mesh/breakers/a%0Ab,404,breaker_not_found",
        "POST,/v1/mesh/breakers/none/open,404,breaker_not_found",
        "GET,/v1/commands?cursor=%25%25,400,invalid_cursor",
        "POST,/v1/commands/Nobody,415,unsupported_media_type",
        "GET,/v1/mesh/policies/explain,400,invalid_request",
        "GET,/v1/mesh/policies/explain?address=a.**,400,invalid_request",
        "PUT,/v1/mesh/policies?source=a%0Ab,400,invalid_request",
        "PUT,/v1/mesh/policies,415,unsupported_media_type",
    })
    void refuses(String method, String path, int status, String code) {
        var answer = http.send(http.request(path).method(method, HttpRequest.BodyPublishers.noBody()));

        problem(answer, status, code);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DELETE | /v1/events | GET, HEAD",
                "OPTIONS | /v1/events | GET, HEAD",
                "TRACE | /v1/events | GET, HEAD",
                "PUT | /v1/streams/a | GET, HEAD, POST",
                "POST | /v1/projections/p | DELETE, GET, HEAD, PUT",
                "FROB | /v1/info | GET, HEAD",
            })
    void saysWhichMethodsAPathKnows(String method, String path, String allowed) {
        String answer = http.raw(method + " " + path + " HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 405").containsIgnoringCase("allow: " + allowed + "\r\n");
        problem(body(answer), 405, "method_not_allowed");
    }

    @Test
    void answersHeadLikeGetWithoutABody() {
        String answer = http.raw("HEAD /v1/shards HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 200");
        assertThat(body(answer)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /v1/streams/%zz HTTP/1.1 | 400",
                "GET /v1/streams/%C3 HTTP/1.1 | 400",
                "GET /v1/streams/% HTTP/1.1 | 400",
                "GET /v1/events?%zz=1 HTTP/1.1 | 400",
                "GET /v1/events?where=%FF HTTP/1.1 | 400",
                "GET /%00 HTTP/1.1 | 404",
                "GET /..%2f..%2fetc/passwd HTTP/1.1 | 404",
                "GET /../../etc/passwd HTTP/1.1 | 404",
                "GET * HTTP/1.1 | 404",
                "OPTIONS * HTTP/1.1 | 404",
                "GET http://localhost/v1/nothing HTTP/1.1 | 404",
                "GET | 400",
                "\u0001\u0002\u0003 | 400",
                "GET /v1/e vents HTTP/1.1 | 400",
            })
    void answersMalformedRequestLines(String line, int status) {
        String answer = http.raw(line + "\r\n" + HOST + "Connection: close\r\n\r\n");

        assertThat(answer).matches("(?s)HTTP/1.[01] " + status + " .*");
        assertThat(new io.vertx.core.json.JsonObject(body(answer)).getInteger("status"))
                .isEqualTo(status);
    }

    @Test
    void refusesWhatIsTooLongBeforeItIsRead() {
        String line = http.raw("GET /v1/events?where=" + "a".repeat(20_000) + " HTTP/1.1\r\n" + HOST + "\r\n");
        String header = http.raw("GET /v1/events HTTP/1.1\r\n" + HOST + "X: " + "a".repeat(40_000) + "\r\n\r\n");

        assertThat(line).startsWith("HTTP/1.0 414");
        assertThat(header).startsWith("HTTP/1.1 431");
        problem(body(line), 414, "invalid_request");
        problem(body(header), 431, "invalid_request");
    }

    @Test
    void refusesABodyByItsAnnouncedLengthWithoutWaitingForIt() throws Exception {
        try (var socket = new Socket("127.0.0.1", http.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(("POST /v1/streams/a?type=T HTTP/1.1\r\n" + HOST
                                    + "Content-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n{")
                            .getBytes(StandardCharsets.US_ASCII));

            assertThat(line(socket.getInputStream())).startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void refusesABodyThatOnlyGrowsTooLargeAndStillShowsTheAnswer() {
        var request = http.request("/v1/streams/a?type=T", "Content-Type", "application/json");
        byte[] large = ("\"" + "x".repeat(MAX_BODY + 500_000) + "\"").getBytes(StandardCharsets.UTF_8);
        var chunked = HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(large));

        problem(http.send(request.POST(chunked)), 413, "body_too_large");
        problem(http.post("/v1/streams/a", "{}", "Content-Type", "text/plain"), 415, "unsupported_media_type");
    }

    @Test
    void endsAConnectionThatGoesOnSendingForEver() throws Exception {
        byte[] chunk = ("10000\r\n" + "x".repeat(0x10000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        long sent = 0;
        try (var socket = new Socket("127.0.0.1", http.port())) {
            var out = socket.getOutputStream();
            out.write(("POST /v1/streams/a?type=T HTTP/1.1\r\n" + HOST
                            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            while (sent < 100L * MAX_BODY) {
                out.write(chunk);
                sent += chunk.length;
            }
        } catch (java.io.IOException ended) {
            // what the test is about
        }

        assertThat(sent).isLessThan(100L * MAX_BODY);
    }

    @Test
    void aClientThatGoesInTheMiddleOfItsBodyIsForgotten() throws Exception {
        String head = "POST /v1/streams/gone-1?type=T HTTP/1.1\r\n" + HOST + "Content-Type: application/json\r\n";
        for (String rest : new String[] {
            "Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n10\r\n{", "Content-Length: 2\r\n\r\n{}"
        }) {
            try (var socket = new Socket("127.0.0.1", http.port())) {
                socket.setSoLinger(true, 0);
                socket.getOutputStream().write((head + rest).getBytes(StandardCharsets.US_ASCII));
            }
        }

        assertThat(http.get("/health/live").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n", "fffffffffffffffffff\r\n{}"})
    void aBodyThatIsNotWellChunkedIsNotAnEvent(String chunks) {
        String answer = http.raw("POST /v1/streams/chunks-1?type=T HTTP/1.1\r\n" + HOST
                + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);

        assertThat(answer).matches("(?s)|HTTP/1.1 400 .*");
        problem(http.get("/v1/streams/chunks-1"), 404, "stream_not_found");
    }

    @Test
    void continuesOnlyWithBodiesThatItWillTake() throws Exception {
        String head = "POST /v1/streams/a?type=T HTTP/1.1\r\n" + HOST
                + "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ";
        String refused = http.raw(head + "9000000000\r\n\r\n");
        assertThat(refused).startsWith("HTTP/1.1 413").containsIgnoringCase("connection: close");
        problem(body(refused), 413, "body_too_large");

        try (var socket = new Socket("127.0.0.1", http.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write((head + "2\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            assertThat(line(socket.getInputStream())).isEqualTo("HTTP/1.1 100 Continue");
            socket.getOutputStream().write("{}".getBytes(StandardCharsets.US_ASCII));
            assertThat(line(socket.getInputStream())).isEmpty();
            assertThat(line(socket.getInputStream())).isEqualTo("HTTP/1.1 201 Created");
        }
    }

    private static String line(InputStream in) throws java.io.IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host: evil.example.com\r\n", "Host: a\r\nHost: localhost\r\n", "Host:\r\n"})
    void aForeignNameMayNotComeIn(String host) {
        for (String path : new String[] {"/v1/events", "/health/live", "/v1/ws", "/nothing"}) {
            String answer = http.raw("GET " + path + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");

            assertThat(answer).startsWith("HTTP/1.1 403");
            problem(body(answer), 403, "forbidden_origin");
        }
    }

    @Test
    void aRequestWithoutAHostMayNotComeIn() {
        assertThat(http.raw("GET /v1/events HTTP/1.1\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(http.raw("GET /v1/events HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.0 403");
    }

    @Test
    void aForeignPageMayNotComeInAndAConfiguredOneMay() {
        String from = "\r\n" + HOST + "Connection: close\r\nOrigin: ";

        assertThat(http.raw("GET /v1/shards HTTP/1.1" + from + "http://evil.example.com\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
        assertThat(http.raw("GET /v1/shards HTTP/1.1" + from + "null\r\n\r\n")).startsWith("HTTP/1.1 403");
        assertThat(http.raw("GET /v1/shards HTTP/1.1" + from + "http://localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
        assertThat(http.raw("GET /v1/shards HTTP/1.1" + from + "http://ops.example.com\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void keepsTheTraceOfTheCaller() {
        String trace = "0af7651916cd43dd8448eb211c80319c";

        var answer = http.get("/v1/nothing", "traceparent", "00-" + trace + "-b7ad6b7169203331-01");

        assertThat(problem(answer, 404, "not_found").getString("traceId")).isEqualTo(trace);
    }

    @Test
    void saysWhatItSpeaksWhenAskedForSomethingElse() {
        problem(http.get("/v1/events", "Accept", "text/html"), 406, "not_acceptable");
        problem(http.get("/v1/events?follow=true", "Accept", "application/json"), 406, "not_acceptable");
        assertThat(header(http.get("/v1/events"), "Content-Type")).isEqualTo("application/cloudevents-batch+json");
        assertThat(header(http.get("/v1/events", "Accept", "application/x-ndjson"), "Content-Type"))
                .isEqualTo("application/x-ndjson");
    }

    @Test
    void noBytesBringA500() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String[] methods = {"GET", "POST", "PUT", "DELETE", "PATCH"};
        String[] paths = {
            "/v1/events",
            "/v1/streams/a",
            "/v1/streams",
            "/v1/projections/p",
            "/v1/dead-letters",
            "/v1/mesh/breakers",
            "/v1/mesh/policies",
            "/v1/ws"
        };
        String alphabet = "%&=?/+:;\"'\\{}[]$#@ab0\u00e9\u00ff.-_~*,<>|^`";
        for (int i = 0; i < 300; i++) {
            var tail = new StringBuilder(random.nextBoolean() ? "?" : "/");
            for (int n = random.nextInt(12); n > 0; n--) {
                tail.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String request = methods[random.nextInt(methods.length)] + " " + paths[random.nextInt(paths.length)] + tail
                    + " HTTP/1.1\r\n" + HOST + "Connection: close\r\nContent-Length: 0\r\n\r\n";

            assertThat(http.raw(request)).as("seed %d: %s", seed, request).matches("(?s)HTTP/1.1 [234].*");
        }
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }
}
