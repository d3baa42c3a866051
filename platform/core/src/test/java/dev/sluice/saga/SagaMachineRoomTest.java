package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.testing.SagaInvariants;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SagaMachineRoomTest {
    private static final Duration LATER = Duration.ofHours(5);

    /** Asks again five hours after each answer, until it has been chosen. */
    private static final SagaDefinition LOOP = Told.saga(Told.started(), (told, word) -> {
                if (word.equals("Started") || word.endsWith(" fired")) {
                    return List.of(Told.right());
                }
                boolean isChosen = told.happened().stream().anyMatch(each -> each.startsWith("chosen"));
                if (word.startsWith("right")) {
                    return List.of(isChosen ? new Effect.Park("is it so?") : new Effect.SetTimer("soon", LATER));
                }
                return word.equals("Retried") ? List.of(new Effect.Complete()) : List.of();
            })
            .build()
            .definition();

    @TempDir
    Path folder;

    @Test
    void loopsAcrossRestartsAndHoldsTheInvariants() {
        try (var house = new SagaHouse(folder, 2).with(LOOP).serving("right").start()) {
            house.begin("k1");
            await().until(() -> count(house, "TimerSet") == 1);
            house.restart();
            house.pass(LATER);
            await().until(() -> count(house, "TimerSet") == 2);
            house.append("any-1", "Chosen", "{\"id\":\"k1\",\"number\":4}");
            await().until(() -> house.types("told", "k1", 1).contains("StepSucceeded")
                    && house.find("told", "k1").state().toString().contains("chosen came"));
            house.pass(LATER);

            var parked = house.reach("told", "k1", Status.PARKED).parked();
            house.restart();
            var retry = new Input.OperatorAction("a1", Input.Verb.RETRY, "ann", "it is", null, null);
            SagaHouse.answer(house.room().act("told", "k1", retry));

            assertThat(parked.reason()).isEqualTo(ParkReason.ASKED);
            assertThat(house.reach("told", "k1", Status.COMPLETED)
                            .state()
                            .path("happened")
                            .valueStream()
                            .map(each -> each.textValue()))
                    .filteredOn(word -> !word.startsWith("right"))
                    .containsExactly(
                            "Started", "soon fired", "chosen came: Chosen[id=k1, number=4]", "soon fired", "Retried");
            assertThat(house.ledger().net("told/k1")).isEqualTo(3);
            assertThat(house.ledger().seen())
                    .extracting(ParticipantCommand::commandId)
                    .doesNotHaveDuplicates();
            assertThat(SagaHouse.answer(house.room().why(house.stream("any-1").get(0))))
                    .extracting(Verdict::kind)
                    .containsExactly(Verdict.Kind.RECEIVED);
            assertThat(house.gauge("saga.stalled")).isZero();
            assertThat(broken(house)).isEmpty();
        }
    }

    private static long count(SagaHouse house, String type) {
        return house.types("told", "k1", 1).stream().filter(type::equals).count();
    }

    private List<String> broken(SagaHouse house) {
        var seen = house.ledger().seen().stream()
                .map(ParticipantCommand::commandId)
                .collect(Collectors.toSet());
        int net = house.ledger().net("told/k1");
        house.close();
        try (var log = Log.open(folder.resolve("log"), LogOptions.defaults().withShards(2))) {
            return SagaInvariants.broken(log, List.of(LOOP), new Asked(seen, net), SagaMachineRoomTest::concerned);
        }
    }

    private static List<String> concerned(RecordedEvent event) {
        return event.type().equals("Began") || event.type().equals("Chosen") ? List.of("told/k1") : List.of();
    }

    private record Asked(Set<String> commandIds, int net) implements SagaInvariants.Ledgers {
        @Override
        public int net(String instance) {
            return net;
        }

        @Override
        public int whole(Instance instance) {
            return net;
        }
    }
}
