package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A server as the commands see it: requests to its HTTP API. A problem document becomes the {@link Failure} it was made of.
 * {@link HttpURLConnection}, because java.net.http costs a short command twice its start-up.
 */
final class Remote {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int READ_MILLIS = 60_000;
    private static final int PAGE = 1_000;

    private final URI base;

    Remote(URI base) {
        this.base = base;
        // The JDK would send a POST again on a broken connection without telling; append ids make our own retries safe.
        System.setProperty("sun.net.http.retryPost", "false");
        System.setProperty("http.maxConnections", "32");
    }

    /** A server by its URL; INVALID_REQUEST when it is none. */
    static Remote at(String url) {
        try {
            var uri = new URI(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
            if (uri.getHost() != null
                    && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getQuery() == null) {
                return new Remote(uri);
            }
        } catch (URISyntaxException malformed) {
            // told below
        }
        throw Failure.of(
                Failure.Kind.INVALID_REQUEST,
                "found server URL '" + url + "', expected http://HOST:PORT such as http://127.0.0.1:8080");
    }

    /** A request body with its media type. */
    record Body(String mediaType, byte[] bytes) {
        static Body of(String mediaType, String text) {
            return new Body(mediaType, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** A successful answer. */
    record Answer(
            int status, @Nullable String cursor, @Nullable String filterFailures, String body) {
        Map<String, @Nullable Object> json() {
            return Json.parseObject(body);
        }
    }

    URI base() {
        return base;
    }

    /** The same server's WebSocket endpoint. */
    URI live() {
        return URI.create("ws" + base.toString().substring("http".length()) + "/v1/ws");
    }

    Answer get(String path) {
        return send("GET", path, Map.of(), null);
    }

    /** All entries of a list, page by page. */
    List<Map<String, @Nullable Object>> list(String path, String member) {
        var all = new ArrayList<Map<String, @Nullable Object>>();
        var parameters = new LinkedHashMap<String, @Nullable Object>();
        parameters.put("limit", PAGE);
        do {
            var page = get(path + query(parameters)).json();
            all.addAll(Json.objects(page.get(member)));
            parameters.put("cursor", page.get("cursor"));
        } while (parameters.get("cursor") != null);
        return all;
    }

    /** Sends a request; a refusal is thrown as Failure, no answer at all as UNAVAILABLE or DEADLINE_EXCEEDED. */
    Answer send(String method, String path, Map<String, String> headers, @Nullable Body body) {
        try {
            var connection = (HttpURLConnection) URI.create(base + path).toURL().openConnection();
            connection.setRequestMethod(method);
            connection.setConnectTimeout(CONNECT_MILLIS);
            connection.setReadTimeout(READ_MILLIS);
            connection.setInstanceFollowRedirects(false);
            connection.setRequestProperty("Accept", "application/json, application/*;q=0.9, */*;q=0.1");
            headers.forEach(connection::setRequestProperty);
            if (body != null) {
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", body.mediaType());
                connection.setFixedLengthStreamingMode(body.bytes().length);
                connection.getOutputStream().write(body.bytes());
            }
            int status = connection.getResponseCode();
            String text = text(status >= 400 ? connection.getErrorStream() : connection.getInputStream());
            if (status >= 300) {
                throw refusal(status, text);
            }
            return new Answer(
                    status,
                    connection.getHeaderField("Sluice-Cursor"),
                    connection.getHeaderField("Sluice-Filter-Failures"),
                    text);
        } catch (SocketTimeoutException late) {
            throw Failure.of(Failure.Kind.DEADLINE_EXCEEDED, base + " did not answer: " + late.getMessage());
        } catch (IOException broken) {
            throw unreachable(base, broken);
        }
    }

    /** A path of the API from its segments, each percent-encoded. */
    static String path(String... segments) {
        var path = new StringBuilder();
        for (String segment : segments) {
            path.append('/').append(encode(segment));
        }
        return path.toString();
    }

    /** A query string from parameters; those without a value are left out. */
    static String query(Map<String, ? extends @Nullable Object> parameters) {
        var query = new StringBuilder();
        parameters.forEach((name, value) -> {
            if (value != null) {
                query.append(query.isEmpty() ? '?' : '&')
                        .append(name)
                        .append('=')
                        .append(encode(value.toString()));
            }
        });
        return query.toString();
    }

    /** Nobody answers at an address. */
    static Failure unreachable(URI server, Throwable cause) {
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return Failure.of(Failure.Kind.UNAVAILABLE, "no server answers at " + server + " (" + why + ")")
                .with("next", "start one with 'sluice dev', or name the right one with --url or SLUICE_URL");
    }

    /** The failure that a problem document tells of; other answers are judged by their status. */
    static Failure refusal(int status, String body) {
        Map<String, @Nullable Object> problem = new LinkedHashMap<>();
        try {
            problem.putAll(Json.parseObject(body));
        } catch (IllegalArgumentException otherServer) {
            problem.put(
                    "detail", "found an answer " + status + " that is no problem document; is this a Sluice server?");
        }
        String code = Json.text(problem.get("code"));
        String detail = Json.text(problem.getOrDefault("detail", problem.get("title")));
        var failure = Failure.of(kind(status, code), detail);
        for (var member : problem.entrySet()) {
            Object value = member.getValue();
            if (value != null) {
                failure = failure.with(member.getKey(), value);
            }
        }
        return failure;
    }

    /** The kind behind a code; a code that this version does not know is judged by its status. */
    static Failure.Kind kind(int status, String code) {
        try {
            return Failure.Kind.valueOf(code.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            return switch (status) {
                case 401, 403 -> Failure.Kind.FORBIDDEN_ORIGIN;
                case 404, 410 -> Failure.Kind.NOT_FOUND;
                case 409, 412 -> Failure.Kind.APPEND_ID_REUSED;
                case 429, 502, 503 -> Failure.Kind.UNAVAILABLE;
                case 408, 504 -> Failure.Kind.DEADLINE_EXCEEDED;
                default -> status >= 400 && status < 500 ? Failure.Kind.INVALID_REQUEST : Failure.Kind.INTERNAL;
            };
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String text(@Nullable InputStream in) throws IOException {
        if (in == null) {
            return "";
        }
        try (in) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
