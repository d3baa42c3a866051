package dev.sluice.bench;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Targets measured side by side: every round runs each of them once on a fresh folder, each round begins with the next one, and
 * ratios are taken inside a round, so that the machine's weather hits both sides. What is published is the median round.
 */
final class Comparison {
    /** One run of a target on an empty folder. */
    interface Measured {
        Run run(Path folder) throws Exception;
    }

    /** A ratio that is looked at: {@code target}'s events/s over {@code beside}'s; {@code least} 0 when nothing is demanded. */
    record Ratio(String target, String beside, double least) {}

    /** A ratio's median over the rounds. */
    record Outcome(Ratio ratio, double median, List<Double> rounds) {
        boolean isMet() {
            return median >= ratio.least();
        }
    }

    private final String name;
    private final Map<String, Measured> targets;
    private final List<Ratio> ratios;
    private final PrintStream progress;
    private final Map<String, List<Run>> runs = new LinkedHashMap<>();

    Comparison(String name, Map<String, Measured> targets, List<Ratio> ratios, PrintStream progress) {
        this.name = name;
        this.targets = new LinkedHashMap<>(targets);
        this.ratios = ratios.stream()
                .filter(ratio -> targets.containsKey(ratio.target()) && targets.containsKey(ratio.beside()))
                .toList();
        this.progress = progress;
        targets.keySet().forEach(target -> runs.put(target, new ArrayList<>()));
    }

    String name() {
        return name;
    }

    Map<String, List<Run>> runs() {
        return Collections.unmodifiableMap(runs);
    }

    /**
     * Runs all rounds below {@code folder}, which holds nothing of them afterwards.
     *
     * @param quietWithin how long each run waits at most for the machine to be quiet
     */
    void run(Path folder, int rounds, Duration quietWithin) throws Exception {
        for (int round = 1; round <= rounds; round++) {
            var order = new ArrayList<>(targets.keySet());
            Collections.rotate(order, 1 - round);
            for (String target : order) {
                Machine.awaitQuiet(quietWithin);
                double syncMicros = Machine.syncMicros(folder);
                long start = System.nanoTime();
                double othersBefore = Machine.busySeconds() - Machine.cpuSeconds();
                var run = measure(target, folder);
                double others = Machine.busySeconds() - Machine.cpuSeconds() - othersBefore;
                Objects.requireNonNull(runs.get(target)).add(run);
                progress.printf(
                        "%s round %d/%d %-13s %,9.0f events/s in %.1f s; sync of 4 KiB %.0f µs before, others used %.2f processors%n",
                        name,
                        round,
                        rounds,
                        target,
                        run.eventsPerSecond(),
                        run.nanos() / 1e9,
                        syncMicros,
                        others * 1e9 / (System.nanoTime() - start));
            }
        }
    }

    /** One run of a target that is not counted. */
    Run measure(String target, Path folder) throws Exception {
        Path own = folder.resolve("run-" + target.replace('+', '-'));
        Machine.delete(own);
        System.gc();
        try {
            return Objects.requireNonNull(targets.get(target)).run(own);
        } finally {
            Machine.delete(own);
        }
    }

    List<Outcome> outcomes() {
        var outcomes = new ArrayList<Outcome>();
        for (var ratio : ratios) {
            var ours = Objects.requireNonNull(runs.get(ratio.target()));
            var theirs = Objects.requireNonNull(runs.get(ratio.beside()));
            var rounds = new ArrayList<Double>();
            for (int i = 0; i < ours.size(); i++) {
                rounds.add(ours.get(i).eventsPerSecond() / theirs.get(i).eventsPerSecond());
            }
            outcomes.add(new Outcome(ratio, median(rounds), rounds));
        }
        return outcomes;
    }

    /** The upper one of two in the middle. */
    static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
