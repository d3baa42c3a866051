package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.EventQuery.Direction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What dead letters say of the events that projections refuse, and that an alert is not lost in silence. */
class RefusedTest {
    private static final String ALERTS = "projection: p\nfrom: { category: x }\n"
            + "fold: { T: { each: data.k as k, key: k, n: sum(data.n), to: last(data.to) } }\n"
            + "alert: { when: n > 1, emit: Many, stream: 'to-${to}' }\n";

    @TempDir
    Path folder;

    private House house;

    @BeforeEach
    void open() {
        house = new House(folder, 1, Duration.ofHours(1));
    }

    @AfterEach
    void close() {
        house.close();
    }

    static List<String> anEventWhoseAlertHasNoStreamToGoToIsADeadLetterAndChangesNoRow() {
        return List.of("\\u0001", "x".repeat(300));
    }

    @ParameterizedTest
    @MethodSource
    void anEventWhoseAlertHasNoStreamToGoToIsADeadLetterAndChangesNoRow(String to) {
        house.apply(ALERTS);
        house.append("x-1", "T", "{\"k\":[\"a\"],\"n\":1,\"to\":\"a\"}");
        house.append("x-1", "T", "{\"k\":[\"b\",\"a\"],\"n\":1,\"to\":\"" + to + "\"}");
        house.append("x-2", "T", "{\"k\":[\"c\"],\"n\":2,\"to\":\"c\"}");

        assertThat(house.rows("p")).isEqualTo(Map.of("a", "{\"n\":1,\"to\":\"a\"}", "c", "{\"n\":2,\"to\":\"c\"}"));
        assertThat(letters())
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains("\"key\":\"a\"", "alert.stream: found ");
        assertThat(house.log().streams("to-", "", 10))
                .extracting(stream -> stream.stream())
                .containsExactly("to-c");
    }

    @Test
    void aMutedGenerationRefusesTheSameEvents() {
        house.append("x-1", "T", "{\"k\":[\"a\"],\"n\":2,\"to\":\"\\u0001\"}");
        house.append("x-1", "T", "{\"k\":[\"b\"],\"n\":2,\"to\":\"b\"}");

        house.apply(ALERTS);

        assertThat(house.rows("p")).containsOnlyKeys("b");
        assertThat(house.room().info("p").deadLetters()).isEqualTo(1);
        assertThat(house.log().streams("to-", "", 10)).isEmpty();
    }

    @Test
    void anAlertToARowWithALongKeyIsAppendedOnce() {
        house.apply(ALERTS);
        house.append("x-1", "T", "{\"k\":[\"" + "a".repeat(1_000) + "\"],\"n\":2,\"to\":\"a\"}");

        house.rows("p");
        house.crash();
        house.rows("p");
        house.restart();

        assertThat(house.log().readStream("to-a", 1, Direction.FORWARD, 10)).hasSize(1);
    }

    @Test
    void theLetterOfAnEventForManyRowsNamesTheOneThatFailed() {
        house.apply("projection: p\nfrom: { category: x }\n"
                + "fold: { T: { each: data.items as i, key: i.k, n: sum(i.n) } }");
        house.append(
                "x-1", "T", "{\"items\":[{\"k\":\"a\",\"n\":1},{\"k\":\"b\",\"n\":\"bad\"},{\"k\":\"c\",\"n\":1}]}");
        house.append("x-2", "T", "{\"items\":[{\"k\":\"d\",\"n\":1},{\"n\":1}]}");
        house.reach("p", house.log().head());
        house.resolve("p", "DeadLetterRetried");
        house.reach("p", house.log().head());

        assertThat(letters())
                .satisfiesExactly(
                        first -> assertThat(first).contains("\"key\":\"b\",\"attempts\":1"),
                        untold -> assertThat(untold).contains("key: found null").doesNotContain("\"key\":"),
                        again -> assertThat(again).contains("\"key\":\"b\",\"attempts\":2"),
                        still -> assertThat(still).contains("\"attempts\":2").doesNotContain("\"key\":"));
    }

    private List<String> letters() {
        house.restart();
        return house.log().readStream("$dlq.projection-p", 1, Direction.FORWARD, 10).stream()
                .map(letter -> new String(letter.data()))
                .toList();
    }
}
