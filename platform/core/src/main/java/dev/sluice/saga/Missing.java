package dev.sluice.saga;

import dev.sluice.saga.Incoming.Concern;
import dev.sluice.saga.Incoming.Matched;
import dev.sluice.saga.Incoming.Problem;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What live instances wait for whose code this process does not have, by what was registered of their versions. For whom an event is, the versions of
 * the saga that are there can tell: it is then kept by the instance. When none of them knows its type, it becomes a dead letter. Any thread.
 */
final class Missing {
    private final Definitions definitions;
    private final Tally tally;
    private volatile Map<String, List<Wait>> registered = Map.of();

    /** A version of a saga waits for a type of event, to step on or to turn back. */
    private record Wait(String saga, int version, Trigger trigger) {
        private Matched matched() {
            return new Matched(version, trigger.id());
        }
    }

    Missing(Definitions definitions, Tally tally) {
        this.definitions = definitions;
        this.tally = tally;
    }

    void know(List<Structure> versions) {
        registered = versions.stream()
                .flatMap(version ->
                        triggers(version).map(trigger -> new Wait(version.name(), version.version(), trigger)))
                .collect(Collectors.groupingBy(wait -> wait.trigger().event()));
    }

    /** Of live instances. */
    private static Stream<Trigger> triggers(Structure version) {
        return Stream.concat(
                version.cancels().stream(),
                version.steps().stream()
                        .map(Step::await)
                        .filter(Objects::nonNull)
                        .map(Step.Await::trigger));
    }

    boolean wants(String type) {
        return !waits(type).isEmpty();
    }

    private List<Wait> waits(String type) {
        return registered.getOrDefault(type, List.of()).stream()
                .filter(wait -> definitions.of(wait.saga(), wait.version()) == null
                        && tally.live(wait.saga(), wait.version()) > 0)
                .toList();
    }

    /** With those that code which is not there would tell, as far as that can be. */
    Definitions.Read completed(Definitions.Read read) {
        var waits = waits(read.event().type());
        if (waits.isEmpty()) {
            return read;
        }
        var concerns = new ArrayList<Concern>();
        for (var concern : read.concerns()) {
            var triggers = new ArrayList<>(concern.triggers());
            if (concern.id() != null) {
                triggers.addAll(matched(waits, concern.saga()));
            }
            concerns.add(new Concern(concern.saga(), concern.id(), triggers, concern.problem()));
        }
        waits.stream()
                .map(Wait::saga)
                .distinct()
                .filter(saga -> !definitions.wants(saga, read.event().type()))
                .forEach(saga -> concerns.add(unknown(saga, matched(waits, saga))));
        return new Definitions.Read(read.event(), concerns);
    }

    /** Sagas without any code here that took events of a type when they had: nobody can tell now for which instance. */
    List<Concern> meant(String type) {
        return definitions.versions().entrySet().stream()
                .filter(saga -> definitions.newest(saga.getKey()) == null)
                .filter(saga -> saga.getValue().stream()
                        .map(SagaVersion::structure)
                        .flatMap(version -> Stream.concat(Stream.of(version.start()), triggers(version)))
                        .anyMatch(trigger -> trigger.event().equals(type)))
                .map(saga -> new Concern(
                        saga.getKey(),
                        null,
                        List.of(),
                        new Problem(
                                DeadLetter.DEFINITION_MISSING,
                                "found no code of saga " + saga.getKey() + ", expected it to be registered")))
                .toList();
    }

    private static List<Matched> matched(List<Wait> waits, String saga) {
        return waits.stream()
                .filter(wait -> wait.saga().equals(saga))
                .map(Wait::matched)
                .toList();
    }

    private static Concern unknown(String saga, List<Matched> triggers) {
        String versions = triggers.stream()
                .map(each -> String.valueOf(each.version()))
                .distinct()
                .collect(Collectors.joining(", "));
        return new Concern(
                saga,
                null,
                List.of(),
                new Problem(
                        DeadLetter.DEFINITION_MISSING,
                        "found no code of version " + versions
                                + ", whose instances wait for it, expected it to be registered"));
    }
}
