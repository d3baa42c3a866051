package dev.sluice.saga;

import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.StepStatus;
import dev.sluice.testing.SagaInvariants;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Every invariant of a log that nobody writes to, and of the ledgers beside it. */
final class KillCheck {
    private static final int EVENTS = 100_000;
    private static final String SAGA = KillChild.DEFINITION.name();

    private KillCheck() {}

    static List<String> broken(KillHouse house, KillParticipants participants) {
        try (var log = Log.open(house.log(), LogOptions.defaults().withShards(KillChild.SHARDS))) {
            var broken = new ArrayList<>(SagaInvariants.broken(
                    log, List.of(KillChild.DEFINITION), ledgers(log, participants), KillCheck::correlated));
            publications(log, broken);
            broken.addAll(KillTimers.broken(log, house.startsMicros()));
            broken.addAll(house.broken());
            return broken;
        }
    }

    private static List<String> correlated(RecordedEvent event) {
        return switch (event.type()) {
            case "Began", "Cancelled", "Paid" ->
                List.of(SAGA + "/" + Json.data(event).path("id").textValue());
            default -> List.of();
        };
    }

    private static SagaInvariants.Ledgers ledgers(Log log, KillParticipants participants) {
        var seen = new HashSet<String>();
        Map<String, Set<String>> inForce = new HashMap<>();
        participants.read().forEach((step, ledger) -> {
            try (ledger) {
                seen.addAll(ledger.seen());
                ledger.inForce().forEach((instance, count) -> {
                    boolean isFirst = inForce.computeIfAbsent(instance, none -> new HashSet<>())
                            .add(step);
                    if (!isFirst || count != 1) {
                        throw new AssertionError("I6: " + count + " effects of " + step + " of " + instance);
                    }
                });
            }
        });
        for (var info : log.streams("shelf-", "", EVENTS)) {
            for (var event : log.readStream(info.stream(), 1, Direction.FORWARD, EVENTS)) {
                String instance = SAGA + "/" + Json.data(event).path("id").textValue();
                var effects = inForce.computeIfAbsent(instance, none -> new HashSet<>());
                boolean isChange = event.type().equals("Held") ? effects.add("Hold") : effects.remove("Hold");
                if (!isChange) {
                    throw new AssertionError("I7: " + event.type() + " of " + instance + " again");
                }
            }
        }
        return new Found(seen, inForce);
    }

    private record Found(Set<String> commandIds, Map<String, Set<String>> effects) implements SagaInvariants.Ledgers {
        @Override
        public int net(String instance) {
            return inForce(instance).size();
        }

        @Override
        public Set<String> inForce(String instance) {
            return effects.getOrDefault(instance, Set.of());
        }

        @Override
        public int whole(Instance instance) {
            return (int) KillChild.DEFINITION.structure().steps().stream()
                    .filter(step -> step.send() != null)
                    .filter(step -> instance.step(step.name()).status() == StepStatus.SUCCEEDED)
                    .count();
        }
    }

    /** What a saga publishes at its end is there once, says how it ended, and nothing else is. */
    private static void publications(Log log, List<String> broken) {
        var prefix = new InstanceId(SAGA, "").stream(1);
        for (var info : log.streams(prefix.substring(0, prefix.indexOf('~')), "", EVENTS)) {
            var events = log.readStream(info.stream(), 1, Direction.FORWARD, EVENTS);
            var types = events.stream().map(RecordedEvent::type).toList();
            String key =
                    info.stream().substring(prefix.indexOf('~'), info.stream().lastIndexOf('~'));
            var published = log.readStream("ended-" + key, 1, Direction.FORWARD, EVENTS).stream()
                    .map(RecordedEvent::type)
                    .toList();
            boolean isRight = types.contains("SagaCompleted")
                    ? published.equals(List.of("WentThrough"))
                    : types.contains("SagaCompensated")
                            ? published.equals(List.of("TurnedBack"))
                            : published.size() <= 1;
            if (!isRight) {
                broken.add("I36: " + info.stream() + " has published " + published);
            }
        }
    }
}
