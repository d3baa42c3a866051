package dev.sluice.house;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The public HTTP API, as an audit uses it. */
final class Api {
    private static final int PAGE = 1_000;

    private final ServerProcess server;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    Api(ServerProcess server) {
        this.server = server;
    }

    /** Events and where to read on. */
    record Page(List<SeenEvent> events, String cursor) {}

    /** A status with a JSON body. */
    record Answer(int status, JsonNode body) {}

    /** Appends a batch of events; IOException when the server went away, so that nobody knows what became of it. */
    Answer append(String stream, String appendId, String events, @Nullable Long expectedVersion)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(server.uri("/v1/streams/" + stream))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/cloudevents-batch+json")
                .header("Idempotency-Key", appendId)
                .POST(HttpRequest.BodyPublishers.ofString(events));
        if (expectedVersion != null && expectedVersion == 0) {
            request.header("If-None-Match", "*");
        } else if (expectedVersion != null) {
            request.header("If-Match", "\"" + expectedVersion + "\"");
        }
        return answer(request);
    }

    /** Sends a command; IOException as of an append. */
    Answer command(String type, String commandId, String body) throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(server.uri("/v1/commands/" + type))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", commandId)
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private Answer answer(HttpRequest.Builder request) throws IOException, InterruptedException {
        var response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(response.statusCode(), SeenEvent.JSON.readTree(response.body()));
    }

    /** The cursor of the log as it stands, before the first event when there is none. */
    String head(String category) {
        return page(category, null).cursor();
    }

    /** Every event of a category in the order of the bounded read, from the beginning. */
    Page events(String category) {
        var all = new ArrayList<SeenEvent>();
        String cursor = null;
        while (true) {
            var page = page(category, cursor);
            all.addAll(page.events());
            if (page.events().isEmpty() && page.cursor().equals(cursor)) {
                return new Page(all, page.cursor());
            }
            cursor = page.cursor();
        }
    }

    private Page page(String category, @Nullable String after) {
        var response = get("/v1/events?direction=forward&limit=" + PAGE + "&category=" + category
                + (after == null ? "" : "&after=" + after));
        var events = new ArrayList<SeenEvent>();
        json(response).forEach(event -> events.add(SeenEvent.of(event)));
        return new Page(events, response.headers().firstValue("Sluice-Cursor").orElseThrow());
    }

    /** Every row of a projection once it has folded what the cursor names. */
    Map<String, JsonNode> rows(String projection, String after) {
        var rows = new LinkedHashMap<String, JsonNode>();
        var more = "";
        while (true) {
            var page = json(get("/v1/projections/" + projection + "/rows?limit=" + PAGE + more
                    + (more.isEmpty() ? "&waitMs=60000&after=" + after : "")));
            page.required("rows").forEach(row -> rows.put(row.required("key").textValue(), row.required("row")));
            if (page.required("cursor").isNull()) {
                return rows;
            }
            more = "&cursor=" + page.required("cursor").textValue();
        }
    }

    /** Builds a projection again, as its next generation. */
    void rebuild(String projection) {
        json(send(HttpRequest.newBuilder(server.uri("/v1/projections/" + projection + "/rebuild"))
                .POST(HttpRequest.BodyPublishers.noBody())));
    }

    /** The number of a projection's live generation. */
    int generation(String projection) {
        return json(get("/v1/projections/" + projection)).required("generation").intValue();
    }

    JsonNode deadLetters() {
        return json(get("/v1/dead-letters"));
    }

    /** The endless NDJSON of a category's events after a cursor; the caller closes it. */
    InputStream follow(String category, String after) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(
                        server.uri("/v1/events?follow=true&category=" + category + "&after=" + encoded(after)))
                .header("Accept", "application/x-ndjson")
                .build();
        var response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new IOException("follow answered " + response.statusCode() + ": "
                    + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
        }
        return response.body();
    }

    private HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(server.uri(path)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            var response =
                    http.send(request.timeout(Duration.ofSeconds(90)).build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IllegalStateException(
                        response.uri() + " answered " + response.statusCode() + ": " + response.body());
            }
            return response;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode json(HttpResponse<String> response) {
        try {
            return SeenEvent.JSON.readTree(response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
