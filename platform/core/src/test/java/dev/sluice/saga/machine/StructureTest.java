package dev.sluice.saga.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StructureTest {
    private static Structure made(@Nullable Integer maxRunning) {
        return new Structure(
                "made",
                1,
                new Trigger("start", "Started"),
                List.of(new Trigger("cancel", "Cancelled")),
                Duration.ofMinutes(10),
                true,
                Structure.STUCK_AFTER,
                Structure.HOLD_EARLY,
                maxRunning,
                List.of(
                        List.of(new Step(
                                "a", Step.Kind.COMPENSATABLE, true, true, send("a"), send("u"), send("p"), null, null)),
                        List.of(
                                Made.await("w", "Came", Duration.ofSeconds(1)),
                                Made.sleep("s", Duration.ofSeconds(2)))),
                true,
                true,
                Map.of("a.with", "data.x"));
    }

    private static Send send(String type) {
        var retry = new Retry(Duration.ofMillis(1), 1.5, Duration.ofMillis(2), 0.5, 3, Duration.ofHours(1));
        return new Send(type, Send.Target.HTTP, List.of("Ok"), List.of("No"), Duration.ofSeconds(3), retry);
    }

    @Test
    void theCanonicalFormHasEveryComponent() throws Exception {
        var root = new ObjectMapper().readTree(made(3).canonical());
        var step = root.at("/stages/0/0");

        has(root, Structure.class);
        has(root.get("start"), Trigger.class);
        has(step.get("send"), Send.class);
        has(step.at("/send/retry"), Retry.class);
        has(root.at("/stages/1/0/await"), Step.Await.class);
        assertThat(step.fieldNames())
                .toIterable()
                .contains("name", "kind", "isConditional", "isReadOnly", "undo", "probe");
        assertThat(root.at("/stages/1/1/sleep").asText()).isEqualTo("PT2S");
    }

    @Test
    void theCanonicalFormIsReadAsItWasWritten() throws Exception {
        for (var structure : List.of(made(3), made(null))) {
            assertThat(Structure.read(new ObjectMapper().readTree(structure.canonical())))
                    .isEqualTo(structure);
        }
    }

    private static void has(JsonNode found, Class<? extends Record> type) {
        assertThat(found.fieldNames())
                .toIterable()
                .as(type.getSimpleName())
                .containsExactlyInAnyOrder(Arrays.stream(type.getRecordComponents())
                        .map(each -> each.getName())
                        .toArray(String[]::new));
    }

    /** Stored with every instance: another hash for the same saga would park them all. */
    @Test
    void theHashStaysAsItIs() {
        assertThat(made(null).hash()).isEqualTo("c058e602aec29d2d10f553c6021310bd042b18c1be9325dc0d9a7f91950e749d");
    }
}
