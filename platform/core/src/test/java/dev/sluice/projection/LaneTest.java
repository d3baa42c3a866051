package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LaneTest {
    private static final int ALL = 500;

    @TempDir
    Path folder;

    private House house;
    private Lane lane;

    @BeforeEach
    void begin() throws Exception {
        house = new House(folder, 4, Duration.ofMillis(50));
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        lane = new Lane(house.log(), List.of(((LiveView) house.room().view("p")).table()));
        while (lane.take(ALL, null) > 0) {}
    }

    @AfterEach
    void end() throws Exception {
        house.close();
    }

    @Test
    void aBatchOfLargeEventsIsShortWhateverTheNumberOfShards() {
        String large = "{\"text\":\"" + "x".repeat(600_000) + "\"}";
        for (int i = 0; i < 16; i++) {
            house.append("s-" + i, "T", large);
        }

        int all = 0;
        for (int taken = lane.take(ALL, null); taken > 0; taken = lane.take(ALL, null)) {
            all += taken;
            assertThat(taken).isLessThanOrEqualTo(3); // one is less than a MiB, and the next poll brings two at most
        }

        assertThat(all).isEqualTo(16);
    }

    @Test
    void aBatchThatTookLongIsFollowedByOneOfHalfTheEvents() {
        int first = lane.batchEvents();

        lane.forget(Duration.ofSeconds(1).toNanos());
        int next = lane.batchEvents();
        for (int i = 0; i < 20; i++) {
            lane.forget(Duration.ofSeconds(1).toNanos());
        }
        int least = lane.batchEvents();
        for (int i = 0; i < 20; i++) {
            lane.forget(0);
        }

        assertThat(next).isEqualTo(first / 2);
        assertThat(least).isEqualTo(1);
        assertThat(lane.batchEvents()).isEqualTo(first);
    }
}
