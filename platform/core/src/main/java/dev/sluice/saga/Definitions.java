package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.Incoming.Concern;
import dev.sluice.saga.Incoming.Matched;
import dev.sluice.saga.Incoming.Problem;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** The definitions that this process has the code of, by name and version, and what was registered by others. Any thread. */
final class Definitions {
    static final String START = "start";

    private final NavigableMap<String, NavigableMap<Integer, Structure>> registered = new ConcurrentSkipListMap<>();
    private volatile Known known = new Known(Map.of(), Map.of());

    private record Known(Map<String, TreeMap<Integer, SagaDefinition>> versions, Map<String, List<Use>> uses) {}

    /** What a version of a saga does with a type of event. */
    private record Use(SagaDefinition definition, Trigger trigger) {}

    /** Takes a definition on, or another version beside those there are. */
    synchronized void add(SagaDefinition definition) {
        var versions = new TreeMap<String, TreeMap<Integer, SagaDefinition>>();
        known.versions().forEach((name, each) -> versions.put(name, new TreeMap<>(each)));
        versions.computeIfAbsent(definition.name(), first -> new TreeMap<>()).put(definition.version(), definition);
        var uses = new HashMap<String, List<Use>>();
        for (var each : versions.values()) {
            for (var version : each.values()) {
                if (version == each.lastEntry().getValue()) {
                    use(uses, version, version.structure().start());
                }
                version.structure().cancels().forEach(cancel -> use(uses, version, cancel));
                for (var step : version.structure().steps()) {
                    if (step.await() != null) {
                        use(uses, version, step.await().trigger());
                    }
                }
            }
        }
        known = new Known(versions, uses);
        know(definition.structure());
    }

    /** Notes a version that was registered, whether its code is here or not. */
    void know(Structure version) {
        registered
                .computeIfAbsent(version.name(), first -> new ConcurrentSkipListMap<>())
                .put(version.version(), version);
    }

    /** All versions that were registered, by the name of their saga; the newest first. */
    SortedMap<String, List<SagaVersion>> versions() {
        var names = new TreeMap<String, List<SagaVersion>>();
        registered.forEach((name, versions) -> names.put(
                name,
                versions.descendingMap().values().stream()
                        .map(each -> new SagaVersion(each, of(name, each.version()) != null))
                        .toList()));
        return names;
    }

    private static void use(Map<String, List<Use>> uses, SagaDefinition definition, Trigger trigger) {
        uses.computeIfAbsent(trigger.event(), first -> new ArrayList<>()).add(new Use(definition, trigger));
    }

    /** The version that new instances have, null for a name that is not there. */
    @Nullable
    SagaDefinition newest(String name) {
        var versions = known.versions().get(name);
        return versions == null ? null : versions.lastEntry().getValue();
    }

    /** Null when this process does not have it. */
    @Nullable
    SagaDefinition of(String name, int version) {
        var versions = known.versions().get(name);
        return versions == null ? null : versions.get(version);
    }

    List<SagaDefinition> all() {
        return known.versions().values().stream()
                .map(TreeMap::values)
                .flatMap(Collection::stream)
                .toList();
    }

    /** Whether some saga wants events of a type. */
    boolean wants(String type) {
        return known.uses().containsKey(type);
    }

    /** Whether some version of a saga wants events of a type. */
    boolean wants(String saga, String type) {
        return known.uses().getOrDefault(type, List.of()).stream()
                .anyMatch(use -> use.definition().name().equals(saga));
    }

    /** An event, and whom it concerns. */
    record Read(ReceivedEvent event, List<Concern> concerns) {}

    /** Decodes an event and tells the instances that it is for, and the sagas of which that cannot be told. Calls code of the definitions. */
    Read read(RecordedEvent recorded) {
        JsonNode data = NullNode.getInstance();
        Failure broken = null;
        try {
            data = Json.data(recorded);
        } catch (Failure noJson) {
            broken = noJson;
        }
        var event = new ReceivedEvent(
                recorded.position().toString(),
                recorded.id(),
                recorded.type(),
                recorded.stream(),
                recorded.timeMicros(),
                data,
                recorded.attributes().get("correlationid") instanceof String text ? text : null);
        return new Read(event, concerns(event, broken));
    }

    private List<Concern> concerns(ReceivedEvent event, @Nullable Failure broken) {
        var found = new LinkedHashMap<InstanceId, List<Matched>>();
        var told = new HashMap<String, List<Matched>>();
        var problems = new LinkedHashMap<String, Problem>();
        for (var use : known.uses().getOrDefault(event.type(), List.of())) {
            String saga = use.definition().name();
            try {
                if (broken != null) {
                    throw broken;
                }
                String key = use.definition().code().key(use.trigger(), event);
                if (key != null) {
                    var matched = new Matched(
                            use.definition().version(), use.trigger().id());
                    found.computeIfAbsent(InstanceId.checked(saga, key), first -> new ArrayList<>())
                            .add(matched);
                    told.computeIfAbsent(saga, first -> new ArrayList<>()).add(matched);
                }
            } catch (RuntimeException | StackOverflowError | LinkageError | AssertionError thrown) {
                problems.putIfAbsent(
                        saga,
                        new Problem(
                                DeadLetter.KEY_FAILED,
                                "the key of " + use.trigger().id() + ": "
                                        + (thrown instanceof Failure failure ? failure.getMessage() : thrown)));
            }
        }
        var concerns = new ArrayList<Concern>();
        found.forEach((id, triggers) -> concerns.add(new Concern(id.saga(), id, triggers, null)));
        problems.forEach(
                (saga, problem) -> concerns.add(new Concern(saga, null, told.getOrDefault(saga, List.of()), problem)));
        return concerns;
    }
}
