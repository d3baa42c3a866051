package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Event;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.ShardTransaction;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.SagaJson;
import dev.sluice.saga.machine.Status;
import dev.sluice.testing.SagaInvariants;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of the invariants sees what is broken. */
class SagaInvariantsTest {
    private static final SagaDefinition SLOW = Sagas.of("slow", 1)
            .step("reserve")
            .sleep("rest", Duration.ofHours(1))
            .pivot("ship")
            .build();

    @TempDir
    Path folder;

    @BeforeEach
    void leaveOneThatSleepsAndOneThatHasEnded() {
        try (var house = new SagaHouse(folder, 1)
                .with(SLOW)
                .serving("reserve", "unreserve", "ship")
                .start()) {
            house.begin("ended");
            await().until(() -> isResting(house, "ended"));
            house.pass(Duration.ofHours(1));
            house.reach("slow", "ended", Status.COMPLETED);
            house.begin("resting");
            await().until(() -> isResting(house, "resting"));
        }
    }

    private static boolean isResting(SagaHouse house, String key) {
        return house.find("slow", key) != null && house.types("slow", key, 1).contains("StepWaiting");
    }

    /** The numbers of what is broken after a change. */
    private List<String> broken(Consumer<ShardTransaction> change, int whole) {
        try (var log = Log.open(folder.resolve("log"), LogOptions.defaults())) {
            log.shard(0)
                    .submit(shard -> {
                        change.accept(shard);
                        return 0;
                    })
                    .toCompletableFuture()
                    .join();
            return SagaInvariants.broken(
                            log,
                            List.of(SLOW),
                            new NothingSeen(2, whole),
                            event -> event.type().equals("Began")
                                    ? List.of("slow/"
                                            + Json.data(event).path("id").textValue())
                                    : List.of())
                    .stream()
                    .map(line -> line.substring(0, line.indexOf(':')))
                    .distinct()
                    .toList();
        }
    }

    @Test
    void findsNothingWhereNothingIsBroken() {
        assertThat(broken(shard -> {}, 2)).isEmpty();
    }

    @Test
    void seesARowOfTheOutboxThatNobodyScheduled() {
        assertThat(broken(
                        shard -> shard.put(
                                "saga/o/0000000000000001/slow/resting/ship", "{}".getBytes(StandardCharsets.UTF_8)),
                        2))
                .containsExactly("I2");
    }

    @Test
    void seesATimerThatIsMissing() {
        assertThat(broken(
                        shard -> {
                            var instance = SagaJson.instance(shard.get("saga/i/slow/resting"));
                            instance.armed()
                                    .forEach(timer -> shard.delete(RowKeys.timer(
                                            new InstanceId("slow", "resting"), timer.id(), timer.dueMillis())));
                        },
                        2))
                .containsExactly("I15");
    }

    @Test
    void seesAnAdmissionThatNobodyWaitsFor() {
        assertThat(broken(shard -> shard.put("saga/a/slow/0000000000000001/resting", new byte[0]), 2))
                .containsExactly("I33");
    }

    @Test
    void seesARowThatIsNotTheFoldOfItsStream() {
        assertThat(broken(shard -> shard.put("saga/i/slow/resting", shard.get("saga/i/slow/ended")), 2))
                .contains("I1");
    }

    @Test
    void seesAnEventThatWasPassedOver() {
        assertThat(broken(
                        shard -> {
                            var event = new Event(
                                    "x",
                                    "Began",
                                    "/t",
                                    0,
                                    Event.JSON,
                                    Map.of(),
                                    null,
                                    "{\"id\":\"lost\"}".getBytes(StandardCharsets.UTF_8));
                            shard.put(RowKeys.cursor(0), Json.bytes(shard.append("thing-lost", event)));
                        },
                        2))
                .containsExactly("I3");
    }

    /** Other code under the same hash. */
    @Test
    void seesAReactionThatComesToSomethingElseNow() {
        var other = new SagaDefinition(SLOW.structure(), KillErrand.DEFINITION.code());
        try (var log = Log.open(folder.resolve("log"), LogOptions.defaults())) {
            assertThat(SagaInvariants.broken(log, List.of(other), new NothingSeen(2, 2), event -> List.of()))
                    .isNotEmpty()
                    .allMatch(line -> line.startsWith("I10: "));
        }
    }

    @Test
    void seesEffectsThatNoStatusAllows() {
        assertThat(broken(shard -> {}, 3)).containsExactly("I36");
    }
}
