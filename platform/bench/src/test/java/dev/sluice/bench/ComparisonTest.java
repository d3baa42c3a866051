package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.bench.Comparison.Figure;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        var comparison =
                new Comparison("test", targets, List.of(Comparison.Demand.ratio("ours", "theirs", 1.5)), NOWHERE);

        comparison.run(folder, 3, Duration.ZERO);

        var outcome = comparison.outcomes().get(0);
        assertThat(outcome.rounds()).containsExactly(1.0, 0.5, 4.0);
        assertThat(outcome.median()).isEqualTo(1.0);
        assertThat(outcome.isMet()).isFalse();
    }

    @Test
    void takesAFigureAloneAndARatioByTheProcessorsTime() throws Exception {
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        targets.put("ours", own -> new Run(300, 1, 0.5, null));
        targets.put("theirs", own -> new Run(300, 1, 1.5, null));
        var comparison = new Comparison(
                "test",
                targets,
                List.of(
                        Comparison.Demand.perCpuSecond("ours", 601),
                        Comparison.Demand.cpuRatio("ours", "theirs", 2.9),
                        Comparison.Demand.ratio("ours", "absent", 1)),
                NOWHERE);

        comparison.run(folder, 1, Duration.ZERO);

        assertThat(comparison.outcomes())
                .extracting(Comparison.Outcome::median, Comparison.Outcome::isMet)
                .containsExactly(tuple(600.0, false), tuple(3.0, true));
    }

    @Test
    void aCostIsMetWhenItIsAtMostWhatIsDemanded() throws Exception {
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        targets.put("ours", own -> new Run(1, 1_000_000_000, 0.5, null).with(Map.of(Figure.SNAPSHOTS, 1.0)));
        var comparison = new Comparison(
                "test",
                targets,
                List.of(
                        Comparison.Demand.most("ours", Figure.CORES, 0.5),
                        Comparison.Demand.most("ours", Figure.SNAPSHOTS, 0),
                        Comparison.Demand.shown("ours", Figure.SNAPSHOTS)),
                NOWHERE);

        comparison.run(folder, 1, Duration.ZERO);

        assertThat(comparison.outcomes())
                .extracting(Comparison.Outcome::median, Comparison.Outcome::isMet)
                .containsExactly(tuple(0.5, true), tuple(1.0, false), tuple(1.0, true));
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
