package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.server.gateway.wire.EntityTag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/**
 * {@code /client.js} and the page {@code /play}: a closed set of files from the class path. A browser keeps them and asks each
 * time whether they are still the same. The page may load and reach nothing but this server, and nobody may frame it.
 */
final class WebFiles {
    private static final String HTML = "text/html; charset=utf-8";
    private static final String JAVASCRIPT = "text/javascript; charset=utf-8";
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "Cache-Control",
            "no-cache");

    private WebFiles() {}

    static void addTo(Routes routes) {
        var client = WebFile.of("client.js", JAVASCRIPT);
        var page = WebFile.of("play.html", HTML);
        var parts = Map.of(
                "page.js", WebFile.of("page.js", JAVASCRIPT),
                "table.js", WebFile.of("table.js", JAVASCRIPT),
                "page.css", WebFile.of("page.css", "text/css; charset=utf-8"),
                "icon.svg", WebFile.of("icon.svg", "image/svg+xml"));
        routes.get("/client.js", client::answer).get("/play", page::answer).get("/play/{file}", call -> {
            WebFile part = parts.get(call.path("file"));
            if (part == null) {
                call.query();
                throw Failure.of(
                        Failure.Kind.NOT_FOUND,
                        "found file " + Query.shown(call.path("file")) + ", expected one of "
                                + String.join(", ", new TreeSet<>(parts.keySet())));
            }
            return part.answer(call);
        });
    }

    private record WebFile(String contentType, byte[] content, EntityTag tag) {
        static WebFile of(String file, String contentType) {
            byte[] content = read(file);
            return new WebFile(contentType, content, EntityTag.strong(content));
        }

        Future<Answer> answer(Call call) {
            call.query();
            Answer answer = tag.isNamed(call.header("If-None-Match"))
                    ? new Answer(304, null, HEADERS, Buffer.buffer())
                    : new Answer(200, contentType, HEADERS, Buffer.buffer(content));
            return Future.succeededFuture(answer.with("ETag", tag.text()));
        }
    }

    private static byte[] read(String file) {
        try (InputStream in = Objects.requireNonNull(WebFiles.class.getResourceAsStream("/web/" + file), file)) {
            return in.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
