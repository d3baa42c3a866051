package dev.sluice.server.gateway;

import dev.sluice.command.CommandRoom;
import dev.sluice.server.gateway.wire.EntityTag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * {@code /openapi.json} and {@code /asyncapi.json}: what this server speaks. They are written by hand, in YAML beside this class,
 * and read when somebody asks for the first time; the commands that are registered are added to the first.
 */
final class DocumentRoutes {
    private final String version;
    private final CommandRoom commands;
    private final Workers workers;

    /** @param version of the running build */
    DocumentRoutes(String version, CommandRoom commands, Workers workers) {
        this.version = version;
        this.commands = commands;
        this.workers = workers;
    }

    void addTo(Routes routes) {
        var openApi = new Document("openapi.yaml", document -> CommandPaths.addTo(document, commands.commands()));
        var asyncApi = new Document("asyncapi.yaml", document -> {});
        routes.get("/openapi.json", call -> answer(call, openApi))
                .get("/asyncapi.json", call -> answer(call, asyncApi));
    }

    private Future<Answer> answer(Call call, Document document) {
        call.query();
        String known = call.header("If-None-Match");
        return workers.run(Long.MAX_VALUE, document::text).map(text -> {
            Answer answer =
                    text.tag().isNamed(known) ? Answer.empty(304) : Answer.of(200, MediaTypes.JSON, text.json());
            return answer.with("ETag", text.tag().text()).with("Cache-Control", "no-cache");
        });
    }

    private record Text(Buffer json, EntityTag tag) {}

    private final class Document {
        private final String resource;
        private final Consumer<JsonObject> more;
        private @Nullable Text text;

        Document(String resource, Consumer<JsonObject> more) {
            this.resource = resource;
            this.more = more;
        }

        /** Blocks while it is read. */
        synchronized Text text() throws IOException {
            if (text == null) {
                Buffer json = read();
                text = new Text(json, EntityTag.strong(json.getBytes()));
            }
            return text;
        }

        private Buffer read() throws IOException {
            try (InputStream yaml = DocumentRoutes.class.getResourceAsStream(resource)) {
                var load = new Load(LoadSettings.builder().build());
                var document = new JsonObject(
                        Json.encodeToBuffer(load.loadFromInputStream(Objects.requireNonNull(yaml, resource))));
                document.getJsonObject("info").put("version", version);
                more.accept(document);
                return document.toBuffer();
            }
        }
    }
}
