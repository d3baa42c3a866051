package dev.sluice.server.mesh;

import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.resilience.MeshOperations.Applied;
import dev.sluice.resilience.MeshOperations.Origin;
import dev.sluice.resilience.MeshOperations.Source;
import dev.sluice.resilience.Policy;
import dev.sluice.resilience.PolicyFile;
import dev.sluice.resilience.PolicySet;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The texts that policies are read from, by their names; immutable. Together they are one set. */
record Sources(Map<String, Source> byName) {
    Sources {
        byName = Map.copyOf(byName);
    }

    static Sources of(Applied applied) {
        var sources = new TreeMap<String, Source>();
        applied.sources().forEach(source -> sources.put(source.name(), source));
        return new Sources(sources);
    }

    /** With the text of one source; one without policies is forgotten. */
    Sources with(Source source) {
        var sources = new TreeMap<>(byName);
        if (PolicyFile.read(source.text(), source.name()).isEmpty()) {
            sources.remove(source.name());
        } else {
            sources.put(source.name(), source);
        }
        return new Sources(sources);
    }

    /** With these files and no others. */
    Sources withFiles(Map<String, String> texts) {
        var sources = new TreeMap<>(byName);
        sources.values().removeIf(source -> source.origin() == Origin.FILE);
        texts.forEach((name, text) -> sources.put(name, new Source(name, Origin.FILE, text)));
        return new Sources(sources);
    }

    /** DEFINITION_INVALID. */
    PolicySet compile() {
        var policies = new ArrayList<Policy>();
        list().forEach(source -> policies.addAll(PolicyFile.read(source.text(), source.name())));
        return PolicySet.compile(policies);
    }

    List<Source> list() {
        return List.copyOf(new TreeMap<>(byName).values());
    }

    /** The names of those that are other, new or gone. */
    List<String> differences(Sources before) {
        var names = new TreeMap<>(byName);
        names.putAll(before.byName);
        names.keySet()
                .removeIf(name -> byName.containsKey(name) && byName.get(name).equals(before.byName.get(name)));
        return List.copyOf(names.keySet());
    }

    JsonArray toJson() {
        var sources = new JsonArray();
        list().forEach(source -> sources.add(new JsonObject()
                .put("name", source.name())
                .put("origin", MeshLog.word(source.origin()))
                .put("text", source.text())));
        return sources;
    }

    /** What a {@code PolicyApplied} says; CORRUPT for another. */
    static Sources of(RecordedEvent event) {
        try {
            var sources = new TreeMap<String, Source>();
            for (Object each : data(event).getJsonArray("sources")) {
                var source = (JsonObject) each;
                String name = source.getString("name");
                var origin = Origin.valueOf(source.getString("origin").toUpperCase(Locale.ROOT));
                sources.put(name, new Source(name, origin, source.getString("text")));
            }
            return new Sources(sources);
        } catch (RuntimeException unreadable) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found event " + event.position() + " with other data, expected that of a " + event.type());
        }
    }

    static JsonObject data(RecordedEvent event) {
        return new JsonObject(Buffer.buffer(event.data()));
    }
}
