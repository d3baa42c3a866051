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

/** Every invariant of a log that nobody writes to, and of the ledgers beside it; from one look to the next, that cursors only move on. */
final class KillCheck {
    private static final int EVENTS = 100_000;
    private static final String SAGA = KillChild.DEFINITION.name();

    private final KillHouse house;
    private final KillParticipants participants;
    /** By the shard that reads and the one that it reads. */
    private final Map<String, Long> cursors = new HashMap<>();

    KillCheck(KillHouse house, KillParticipants participants) {
        this.house = house;
        this.participants = participants;
    }

    List<String> broken() {
        try (var log = Log.open(house.log(), LogOptions.defaults().withShards(KillChild.SHARDS))) {
            var broken = new ArrayList<>(SagaInvariants.broken(
                    log, KillChild.DEFINITIONS, ledgers(log, participants), KillCheck::correlated));
            publications(log, broken);
            cursors(log, broken);
            broken.addAll(KillTimers.broken(log, house.startsMicros()));
            broken.addAll(house.broken());
            return broken;
        }
    }

    private void cursors(Log log, List<String> broken) {
        for (int shard = 0; shard < log.shards(); shard++) {
            for (int source = 0; source < log.shards(); source++) {
                String key = RowKeys.cursor(source);
                for (var row : log.shard(shard).rows(key, "", 1)) {
                    long at = Json.value(row.value(), Long.class);
                    Long before = cursors.put(shard + " of " + source, at);
                    if (before != null && before > at) {
                        broken.add("I4: the cursor of " + shard + " in " + source + " went back from " + before + " to "
                                + at);
                    }
                }
            }
        }
    }

    private static List<String> correlated(RecordedEvent event) {
        return switch (event.type()) {
            case "Began" -> List.of(SAGA + "/" + id(event), KillErrand.NAME + "/" + id(event));
            case "Cancelled", "Paid" -> List.of(SAGA + "/" + id(event));
            default -> List.of();
        };
    }

    private static String id(RecordedEvent event) {
        return Json.data(event).path("id").textValue();
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
                String instance = SAGA + "/" + id(event);
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
            return (int) KillChild.DEFINITIONS.stream()
                    .filter(each -> each.name().equals(instance.saga()))
                    .flatMap(each -> each.structure().steps().stream())
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
