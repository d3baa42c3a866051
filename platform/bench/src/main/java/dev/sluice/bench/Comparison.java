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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Targets measured side by side: every round runs each of them once on a fresh folder, each round begins with the next one, and
 * ratios are taken inside a round, so that the machine's weather hits both sides. What is published is the median round.
 */
final class Comparison {
    /** One run of a target on an empty folder. */
    interface Measured {
        Run run(Path folder) throws Exception;
    }

    /** What a run is judged by. */
    enum Figure {
        EVENTS_PER_SECOND("events/s", "%,.0f", false),
        EVENTS_PER_CPU_SECOND("events a CPU-second", "%,.0f", false),
        P99_MILLIS("p99 ms", "%,.1f", true),
        MAX_MILLIS("most ms", "%,.1f", true),
        CORES("processors of the server", "%.2f", true),
        KIB_A_SUBSCRIBER("KiB a subscriber", "%,.1f", true),
        SECONDS_UNTIL_CURRENT("seconds until all are current", "%.2f", true),
        SNAPSHOTS("snapshot frames", "%,.0f", true),
        NOT_EXACT("subscribers not resumed exactly", "%,.0f", true),
        SECONDS_UNTIL_SENT("seconds until the first command is sent", "%.2f", true),
        HEAP_MIB("MiB of live heap", "%,.0f", true),
        RESIDENT_MIB("MiB resident", "%,.0f", true);

        final String shown;
        final String format;
        /** Whether less is better. */
        final boolean isCost;

        Figure(String shown, String format, boolean isCost) {
            this.shown = shown;
            this.format = format;
            this.isCost = isCost;
        }

        double of(Run run) {
            return switch (this) {
                case EVENTS_PER_SECOND -> run.eventsPerSecond();
                case EVENTS_PER_CPU_SECOND -> 1e6 / run.cpuMicrosPerEvent();
                case P99_MILLIS -> run.latencyMicros(99) / 1e3;
                case MAX_MILLIS -> run.latencyMicros(100) / 1e3;
                case CORES -> run.cpuSeconds() * 1e9 / run.nanos();
                case KIB_A_SUBSCRIBER,
                        SECONDS_UNTIL_CURRENT,
                        SNAPSHOTS,
                        NOT_EXACT,
                        SECONDS_UNTIL_SENT,
                        HEAP_MIB,
                        RESIDENT_MIB -> Objects.requireNonNull(run.more().get(this));
            };
        }
    }

    /**
     * What is looked at: a figure of {@code target} over that of another, or the figure itself.
     *
     * @param beside null for the figure itself
     * @param limit the least, of a cost the most; 0, of a cost infinity, when nothing is demanded
     */
    record Demand(String target, @Nullable String beside, Figure figure, double limit) {
        /** A ratio of events/s. */
        static Demand ratio(String target, String beside, double least) {
            return new Demand(target, beside, Figure.EVENTS_PER_SECOND, least);
        }

        /** A ratio of events a CPU-second. */
        static Demand cpuRatio(String target, String beside, double least) {
            return new Demand(target, beside, Figure.EVENTS_PER_CPU_SECOND, least);
        }

        /** Events a second. */
        static Demand perSecond(String target, double least) {
            return new Demand(target, null, Figure.EVENTS_PER_SECOND, least);
        }

        /** Events a CPU-second. */
        static Demand perCpuSecond(String target, double least) {
            return new Demand(target, null, Figure.EVENTS_PER_CPU_SECOND, least);
        }

        /** A figure that may be so much at most. */
        static Demand most(String target, Figure figure, double most) {
            return new Demand(target, null, figure, most);
        }

        /** A figure of which nothing is demanded. */
        static Demand shown(String target, Figure figure) {
            return new Demand(target, null, figure, figure.isCost ? Double.POSITIVE_INFINITY : 0);
        }

        boolean isDemanded() {
            return limit != (figure.isCost ? Double.POSITIVE_INFINITY : 0);
        }

        private boolean isOf(Set<String> targets) {
            return targets.contains(target) && (beside == null || targets.contains(beside));
        }
    }

    /** The median over the rounds of what is looked at. */
    record Outcome(Demand demand, double median, List<Double> rounds) {
        boolean isMet() {
            return demand.figure().isCost ? median <= demand.limit() : median >= demand.limit();
        }
    }

    private final String name;
    private final Map<String, Measured> targets;
    private final List<Demand> demands;
    private final PrintStream progress;
    private final Map<String, List<Run>> runs = new LinkedHashMap<>();

    Comparison(String name, Map<String, Measured> targets, List<Demand> demands, PrintStream progress) {
        this.name = name;
        this.targets = new LinkedHashMap<>(targets);
        this.demands =
                demands.stream().filter(demand -> demand.isOf(targets.keySet())).toList();
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
                        "%s round %d/%d %-20s %,9.0f events/s in %.1f s; sync of 4 KiB %.0f µs before, others used %.2f processors%n",
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
        for (var demand : demands) {
            var rounds = new ArrayList<>(figures(demand.target(), demand.figure()));
            if (demand.beside() != null) {
                var beside = figures(demand.beside(), demand.figure());
                for (int i = 0; i < rounds.size(); i++) {
                    rounds.set(i, rounds.get(i) / beside.get(i));
                }
            }
            outcomes.add(new Outcome(demand, median(rounds), rounds));
        }
        return outcomes;
    }

    private List<Double> figures(String target, Figure figure) {
        return Objects.requireNonNull(runs.get(target)).stream().map(figure::of).toList();
    }

    /** The upper one of two in the middle. */
    static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
