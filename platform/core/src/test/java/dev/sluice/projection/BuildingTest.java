package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.watch.ExpectsErrors;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps a generation from going live is told, while the live one goes on. */
class BuildingTest {
    private static final String COUNTS = "projection: p\nfrom: all\nkey: type\nfold: { T: { n: count() } }\n";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private House house;

    @BeforeEach
    void open() {
        house = new House(folder, 1, Duration.ofHours(1));
        house.apply(COUNTS);
        for (int i = 0; i < 10; i++) {
            var event = house.event("T", "{\"n\":\"x\"}");
            house.append(
                    "x-" + i,
                    IntStream.range(0, Parking.MAX_HELD / 10)
                            .mapToObj(j -> event)
                            .toList());
        }
        house.reach("p", house.log().head());
    }

    @AfterEach
    void close() {
        house.close();
    }

    private Projections.Building building() {
        return Objects.requireNonNull(house.room().info("p").building());
    }

    @Test
    @ExpectsErrors("projection_failed projection=p")
    void aGenerationThatBreaksIsFailedUntilAnotherTakesItsPlace() {
        String broken = COUNTS.replace("count()", "sum(data.n)");
        house.apply(broken);
        await().atMost(PATIENCE).until(() -> building().isFailed());
        var live = house.append("y-1", "T", "{}");
        house.reach("p", live);

        var info = house.room().info("p");
        int again = House.answer(house.room().rebuild("p", true)).building().generation();
        await().atMost(PATIENCE).until(() -> building().isFailed());
        house.apply(COUNTS.replace("n: count()", "n: count(), m: count()"));

        assertThat(info.state()).isEqualTo("running");
        assertThat(info.problem()).isNull();
        assertThat(info.building().problem()).contains("events held back");
        assertThat(again).isEqualTo(3);
        await().atMost(PATIENCE).until(() -> house.room().info("p").generation() == 4);
    }

    @Test
    void whatKeepsAGenerationFromGoingLiveIsShown() {
        house.apply(COUNTS.replace("n: count()", "n: count(), m: count()"));
        house.append("$projection.p", List.of(house.event("ProjectionPaused", "{")));

        await().atMost(PATIENCE).until(() -> building().problem() != null);

        assertThat(building().isFailed()).isFalse();
        assertThat(building().problem()).contains("that is no definition");
        assertThat(house.room().info("p").state()).isEqualTo("building");
    }
}
