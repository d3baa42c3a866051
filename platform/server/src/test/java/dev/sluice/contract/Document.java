package dev.sluice.contract;

import io.vertx.core.file.FileSystem;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** A document of schemas that refer to one another, as it lies among the resources or was served. */
public final class Document {
    private static final String FOLDER = "/dev/sluice/server/gateway/";

    private final JsonObject json;
    private final Draft draft;
    private final Map<String, Validator> validators = new HashMap<>();

    public Document(JsonObject json, Draft draft) {
        this.json = json;
        this.draft = draft;
    }

    /** As it is written, in YAML. */
    static Document resource(String name, Draft draft) {
        try (InputStream yaml = Document.class.getResourceAsStream(FOLDER + name)) {
            var load = new Load(LoadSettings.builder().build());
            var read = load.loadFromInputStream(Objects.requireNonNull(yaml, name));
            return new Document(new JsonObject(Json.encodeToBuffer(read)), draft);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    public JsonObject json() {
        return json;
    }

    /** What a {@code $ref} stands for; with members beside it, those win. */
    public JsonObject resolved(JsonObject object) {
        String reference = object.getString("$ref");
        if (reference == null) {
            return object;
        }
        var all = resolved(at(reference)).copy().mergeIn(object);
        all.remove("$ref");
        return all;
    }

    private JsonObject at(String reference) {
        var found = json;
        for (String name : reference.substring("#/".length()).split("/")) {
            found = found.getJsonObject(name.replace("~1", "/").replace("~0", "~"));
            Objects.requireNonNull(found, reference);
        }
        return found;
    }

    /** What is wrong with some JSON by a schema of this document, empty when nothing is. */
    public synchronized List<String> problems(Object schema, @Nullable Object value) {
        return problems(validators.computeIfAbsent(schema.toString(), text -> validator(schema)), value);
    }

    private Validator validator(Object schema) {
        var whole = new JsonObject().put("components", json.getJsonObject("components"));
        var root = schema instanceof JsonObject object
                ? whole.mergeIn(object)
                : whole.put("allOf", new JsonArray().add(schema));
        return Validator.create(JsonSchema.of(root.copy()), options(draft)); // a copy, because it is written into
    }

    /**
     * What is wrong with this document by a schema for such documents.
     *
     * @param files where the schemas of schemas are read from
     * @param others schemas that it refers to
     */
    public List<String> problemsBy(JsonObject metaSchema, FileSystem files, JsonObject... others) {
        var repository = SchemaRepository.create(options(draft)).preloadMetaSchema(files);
        for (var other : others) {
            repository.dereference(JsonSchema.of(other));
        }
        var schema = JsonSchema.of(metaSchema);
        return problems(repository.dereference(schema).validator(schema), json);
    }

    /** What the schemas of schemas cannot see: references to nothing, and members that YAML has made of a comma. */
    public List<String> slips() {
        var slips = new ArrayList<String>();
        collectSlips(json, "#", slips);
        return slips;
    }

    private void collectSlips(@Nullable Object value, String place, List<String> slips) {
        if (value instanceof JsonArray list) {
            for (int i = 0; i < list.size(); i++) {
                collectSlips(list.getValue(i), place + "/" + i, slips);
            }
        } else if (value instanceof JsonObject object) {
            for (var member : object) {
                String at = place + "/" + member.getKey();
                if (member.getKey().equals("$ref") && !isThere((String) member.getValue())) {
                    slips.add(at + " leads nowhere: " + member.getValue());
                } else if (member.getValue() == null && !place.contains("/example")) {
                    slips.add(at + " is null");
                }
                collectSlips(member.getValue(), at, slips);
            }
        }
    }

    private boolean isThere(String reference) {
        try {
            at(reference);
            return true;
        } catch (NullPointerException nowhere) {
            return false;
        }
    }

    private static JsonSchemaOptions options(Draft draft) {
        return new JsonSchemaOptions()
                .setBaseUri("https://sluice.invalid/")
                .setDraft(draft)
                .setOutputFormat(OutputFormat.Basic);
    }

    private static List<String> problems(Validator validator, @Nullable Object value) {
        OutputUnit result = validator.validate(value);
        if (result.getValid()) {
            return List.of();
        }
        return result.getErrors().stream()
                .map(error -> error.getInstanceLocation() + ": " + error.getError())
                .distinct()
                .toList();
    }
}
