package dev.sluice.server.gateway;

import dev.sluice.command.CommandRoom.CommandInfo;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The part of the OpenAPI document that depends on what is registered: a path for each type of command, with its own schema. */
final class CommandPaths {
    private static final String PATH = "/v1/commands/{type}";

    private CommandPaths() {}

    static void addTo(JsonObject document, List<CommandInfo> commands) {
        var paths = document.getJsonObject("paths");
        var schemas = document.getJsonObject("components").getJsonObject("schemas");
        for (var command : commands) {
            String type = command.type();
            var operation = paths.getJsonObject(PATH).getJsonObject("post").copy();
            operation.put("operationId", "command." + type).put("summary", type + ", of " + command.category());
            operation
                    .getJsonObject("requestBody")
                    .getJsonObject("content")
                    .put("application/json", new JsonObject().put("schema", body(type)));
            paths.put(PATH.replace("{type}", type), new JsonObject().put("post", operation));
            schemas.put("Command." + type, command.schema());
        }
    }

    private static JsonObject body(String type) {
        return new JsonObject()
                .put("$ref", "#/components/schemas/Command")
                .put(
                        "properties",
                        new JsonObject()
                                .put("data", new JsonObject().put("$ref", "#/components/schemas/Command." + type)));
    }
}
