package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

    @TempDir
    Path folder;

    @Test
    void takesRatiosInsideARoundAndPublishesTheMedian() throws Exception {
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        targets.put("ours", runs(100, 50, 400));
        targets.put("theirs", runs(100, 100, 100));
        var comparison = new Comparison("test", targets, List.of(new Comparison.Ratio("ours", "theirs", 1.5)), NOWHERE);

        comparison.run(folder, 3, Duration.ZERO);

        var outcome = comparison.outcomes().get(0);
        assertThat(outcome.rounds()).containsExactly(1.0, 0.5, 4.0);
        assertThat(outcome.median()).isEqualTo(1.0);
        assertThat(outcome.isMet()).isFalse();
    }

    @Test
    void beginsEachRoundWithTheNextTargetAndLeavesNothingBehind() throws Exception {
        var order = new ArrayList<String>();
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        for (String name : List.of("a", "b")) {
            targets.put(name, own -> {
                order.add(name);
                assertThat(own).doesNotExist();
                Files.createDirectories(own);
                return new Run(1, 1, 0, null);
            });
        }

        new Comparison("test", targets, List.of(), NOWHERE).run(folder, 2, Duration.ZERO);

        assertThat(order).containsExactly("a", "b", "b", "a");
        assertThat(folder).isEmptyDirectory();
    }

    private static Comparison.Measured runs(long... eventsPerSecond) {
        Iterator<Long> next = java.util.Arrays.stream(eventsPerSecond).iterator();
        return own -> new Run(next.next(), 1_000_000_000, 0, null);
    }
}
