package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.Ledger.Manner;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.testing.SagaInvariants;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many sagas whose participants do all that they may, an engine that is stopped in between, and then every invariant that can be seen. */
class SagaPropertyTest {
    private static final int INSTANCES = 80;
    private static final int SHARDS = 3;
    private static final int RESTARTS = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final SagaLimits NARROW = new SagaLimits(12, 7, 20_000, Duration.ofMillis(300), 1 << 20);
    private static final String[] STEPS = {"reserve", "charge", "ship", "confirm", "pack", "label"};

    @TempDir
    Path folder;

    private static final List<SagaDefinition> DEFINITIONS = List.of(
            Sagas.of("order-fulfilment", 1)
                    .timeout(Duration.ofMillis(80))
                    .step("reserve")
                    .step("charge")
                    .pivot("ship")
                    .retriable("confirm")
                    .publishing()
                    .build(),
            Sagas.of("packing", 1)
                    .timeout(Duration.ofMillis(80))
                    .within(Duration.ofSeconds(20))
                    .parallel("pack", "label")
                    .await("payment", "Paid", Duration.ofMillis(1_500))
                    .sleep("rest", Duration.ofMillis(50))
                    .pivot("ship")
                    .restart()
                    .maxRunning(12)
                    .build());

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void keepsEveryInvariantWhateverParticipantsDoAndWheneverItIsStopped(long seed) {
        var random = new Random(seed);
        var house = new SagaHouse(folder, SHARDS, NARROW);
        DEFINITIONS.forEach(house::with);
        house.serving(STEPS)
                .serving(java.util.Arrays.stream(STEPS).map(step -> "un" + step).toArray(String[]::new))
                .start();
        house.ledger().manner(command -> drawn(seed, house.ledger().seen().size(), command));
        try (house) {
            for (int i = 0; i < INSTANCES; i++) {
                drive(house, random, "k/" + i);
                if (i % (INSTANCES / RESTARTS) == INSTANCES / RESTARTS - 1) {
                    house.restart();
                }
            }
            house.ledger().manner(command -> Manner.DO);
            settle(house);
        }
        var ledger = house.ledger();

        try (var log = Log.open(folder.resolve("log"), LogOptions.defaults().withShards(SHARDS))) {
            assertThat(SagaInvariants.broken(log, DEFINITIONS, seenBy(ledger), SagaPropertyTest::correlated))
                    .as("seed %d", seed)
                    .isEmpty();
        }
    }

    private static Manner drawn(long seed, int number, ParticipantCommand command) {
        int draw = new Random(seed * 31 + number * 1_000_003L + command.type().hashCode()).nextInt(100);
        boolean isRefused = !command.type().startsWith("un") && !command.type().equals("confirm");
        if (draw < 70) {
            return Manner.DO;
        }
        return draw < 80
                ? Manner.MUTE
                : draw < 87 ? Manner.SILENT : draw < 94 || !isRefused ? Manner.FAIL : Manner.REJECT;
    }

    private static void drive(SagaHouse house, Random random, String key) {
        String json = "{\"id\":\"" + key + "\"}";
        var events = new ArrayList<>(List.of("Began"));
        if (random.nextInt(10) < 8) {
            events.add(random.nextInt(events.size() + 1), "Paid");
        }
        if (random.nextInt(10) < 2) {
            events.add("Cancelled");
        }
        if (random.nextInt(10) < 2) {
            events.add("Began");
        }
        events.forEach(type -> house.append("thing-" + random.nextInt(20), type, json));
    }

    private static void settle(SagaHouse house) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
            boolean isSettled = true;
            for (var definition : DEFINITIONS) {
                for (var instance : all(house, definition.name())) {
                    isSettled &= instance.status().isEnded();
                    if (instance.status() == Status.PARKED) {
                        var retry = new Input.OperatorAction(
                                "a" + instance.events(), Input.Verb.RETRY, "ann", "a test", null, null);
                        SagaHouse.answer(house.room()
                                .act(instance.saga(), instance.key(), retry)
                                .otherwise(instance));
                    }
                }
                isSettled &= all(house, definition.name()).size() == INSTANCES;
            }
            return isSettled;
        });
    }

    private static List<Instance> all(SagaHouse house, String saga) {
        var all = new ArrayList<Instance>();
        String after = "";
        while (after != null) {
            var page = SagaHouse.answer(house.room().list(InstanceQuery.of(saga), after, 50));
            all.addAll(page.instances());
            after = page.after();
        }
        return all;
    }

    private static List<String> correlated(RecordedEvent event) {
        String key = Json.data(event).path("id").textValue();
        return switch (event.type()) {
            case "Began", "Cancelled" -> List.of("order-fulfilment/" + key, "packing/" + key);
            case "Paid" -> List.of("packing/" + key);
            default -> List.of();
        };
    }

    private static SagaInvariants.Ledgers seenBy(Ledger ledger) {
        return new SagaInvariants.Ledgers() {
            @Override
            public Set<String> commandIds() {
                return ledger.seen().stream().map(ParticipantCommand::commandId).collect(Collectors.toSet());
            }

            @Override
            public int net(String instance) {
                return ledger.net(instance);
            }

            @Override
            public int whole(Instance instance) {
                return DEFINITIONS.stream()
                        .filter(definition -> definition.name().equals(instance.saga()))
                        .mapToInt(definition -> (int) definition.structure().steps().stream()
                                .filter(step -> step.send() != null && step.kind() != Step.Kind.AWAIT)
                                .count())
                        .sum();
            }
        };
    }
}
