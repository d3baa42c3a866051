package dev.sluice.bench;

import dev.sluice.bench.Comparison.Demand;
import dev.sluice.bench.Comparison.Figure;
import dev.sluice.bench.Comparison.Measured;
import dev.sluice.kafka.DevBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench subscribe}: what many subscribers over WebSocket get, how soon, and what they cost the server. */
@Command(
        name = "subscribe",
        mixinStandardHelpOptions = true,
        description =
                "Orders over Kafka into a projection with many subscribers over WebSocket: each on a few rows; all on a whole"
                        + " view, beside a plain Vert.x program; one, for the time from produce to delta; and all coming back at"
                        + " once after the server was stopped.",
        footer = {"", "Example: sluice bench subscribe --part keys --subscribers 500 --duration 10s --rounds 1"})
final class SubscribeCommand implements Callable<Integer> {
    private static final String SLUICE = "sluice";
    private static final String PLAIN = "plain";
    private static final String KEYS = "keys";
    private static final String RESUME = "resume";
    /** Beside one for each subscriber: the JDK's jars, the stores, Kafka. */
    private static final int OTHER_FILES = 1_000;

    /** What is demanded of the time from produce to delta, in ms, for each rate. */
    private static final Map<Integer, Double> MOST_LATENCY = Map.of(1_000, 30.0, 20_000, 100.0);

    /** What can be measured on its own. */
    enum Part {
        KEYS,
        FANOUT,
        LATENCY,
        RESUME
    }

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--part",
            split = ",",
            defaultValue = "keys,fanout,latency,resume",
            paramLabel = "PART,…",
            description = "What is measured (${DEFAULT-VALUE})")
    private List<Part> parts = List.of();

    @Option(
            names = "--subscribers",
            paramLabel = "N",
            description = "Subscribers (keys 2000, fanout 500, resume 10000)")
    private @Nullable Integer subscribers;

    @Option(
            names = "--rate",
            split = ",",
            paramLabel = "N,…",
            description = "Orders a second (keys 5000, fanout 1000, latency 1000,20000)")
    private List<Integer> rates = List.of();

    @Option(
            names = "--rows",
            paramLabel = "N",
            description = "Rows of the view (keys and resume 10000, fanout 1000, latency as --streams)")
    private @Nullable Integer rows;

    @Option(
            names = "--watched",
            defaultValue = "20",
            paramLabel = "N",
            description = "Rows that each subscriber of keys and resume wants (${DEFAULT-VALUE})")
    private int watched = 20;

    @Option(
            names = "--min-interval",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Least time between two deltas (keys 100ms, fanout, the plain program included, 50ms)")
    private @Nullable Duration minInterval;

    @Option(
            names = "--duration",
            defaultValue = "20s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of one run (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(20);

    @Option(
            names = "--warm-up",
            defaultValue = "15s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of each run before it counts (${DEFAULT-VALUE})")
    private Duration warmUp = Duration.ofSeconds(15);

    @Option(names = "--kill", description = "Resume after SIGKILL instead of SIGTERM")
    private boolean isKill;

    @Override
    public Integer call() throws Exception {
        Machine.expectSockets(subscribersOr(parts.contains(Part.RESUME) ? 10_000 : 2_000), OTHER_FILES);
        Path folder = options.newFolder();
        try (var broker = DevBroker.start(folder.resolve("kafka"), 0)) {
            Path stores = Files.createDirectory(folder.resolve("stores"));
            var runs = new SubscribeRuns(broker, options.bytes, duration, warmUp);
            var comparisons = new ArrayList<Comparison>();
            for (var part : parts) {
                var comparison = comparison(part, runs);
                comparison.run(stores, options.rounds, options.quietWithin);
                comparisons.add(comparison);
            }
            var report = new Report(
                    "orders of %d bytes over Kafka into a projection, its rows over WebSocket (an event is a row delivered, of resume a subscriber; CPU of the server), %d s a run, median of %d rounds; %s"
                            .formatted(options.bytes, duration.toSeconds(), options.rounds, Machine.describe()),
                    comparisons);
            report.print(System.out, options.json);
            return options.check && !report.isMet() ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison comparison(Part part, SubscribeRuns runs) {
        return switch (part) {
            case KEYS -> keys(runs);
            case FANOUT -> fanout(runs);
            case LATENCY -> latency(runs);
            case RESUME -> resume(runs);
        };
    }

    private Comparison keys(SubscribeRuns runs) {
        var load = new SubscribeRuns.Load(
                subscribersOr(2_000), rateOr(5_000), rowsOr(10_000), minIntervalOr(Duration.ofMillis(100)));
        return comparison(
                "each on %d of %,d rows, %s".formatted(watched, load.rows(), load),
                Map.of(KEYS, folder -> runs.keys(folder, load, watched)),
                List.of(
                        Demand.most(KEYS, Figure.P99_MILLIS, 500),
                        Demand.shown(KEYS, Figure.MAX_MILLIS),
                        Demand.most(KEYS, Figure.CORES, 1),
                        Demand.most(KEYS, Figure.KIB_A_SUBSCRIBER, 64)));
    }

    private Comparison fanout(SubscribeRuns runs) {
        var load = new SubscribeRuns.Load(
                subscribersOr(500), rateOr(1_000), rowsOr(1_000), minIntervalOr(Duration.ofMillis(50)));
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(SLUICE, folder -> runs.fanout(folder, load));
        targets.put(PLAIN, folder -> runs.plainFanout(folder, load));
        targets.keySet().removeIf(target -> !options.wants(target));
        return comparison(
                "all on %,d rows, %s".formatted(load.rows(), load),
                targets,
                List.of(
                        Demand.most(SLUICE, Figure.P99_MILLIS, 250),
                        Demand.shown(SLUICE, Figure.MAX_MILLIS),
                        Demand.shown(SLUICE, Figure.CORES),
                        Demand.shown(PLAIN, Figure.CORES),
                        Demand.cpuRatio(SLUICE, PLAIN, 0.7)));
    }

    private Comparison latency(SubscribeRuns runs) {
        var targets = new LinkedHashMap<String, Measured>();
        var demands = new ArrayList<Demand>();
        for (int rate : rates.isEmpty() ? List.of(1_000, 20_000) : rates) {
            String target = rate + "/s";
            var load = new SubscribeRuns.Load(1, rate, rowsOr(options.streams), Duration.ZERO);
            targets.put(target, folder -> runs.latency(folder, load));
            demands.add(
                    Demand.most(target, Figure.P99_MILLIS, MOST_LATENCY.getOrDefault(rate, Double.POSITIVE_INFINITY)));
            demands.add(Demand.shown(target, Figure.MAX_MILLIS));
        }
        return comparison("produced to delta, %,d rows".formatted(rowsOr(options.streams)), targets, demands);
    }

    private Comparison resume(SubscribeRuns runs) {
        var load = new SubscribeRuns.Load(subscribersOr(10_000), 0, rowsOr(10_000), Duration.ZERO);
        return comparison(
                "%,d come back at once after %s, each on %d of %,d rows"
                        .formatted(load.subscribers(), isKill ? "SIGKILL" : "SIGTERM", watched, load.rows()),
                Map.of(RESUME, folder -> runs.resume(folder, load, watched, isKill)),
                List.of(
                        Demand.most(RESUME, Figure.SECONDS_UNTIL_CURRENT, 10),
                        Demand.most(RESUME, Figure.SNAPSHOTS, 0),
                        Demand.most(RESUME, Figure.NOT_EXACT, 0)));
    }

    private static Comparison comparison(String name, Map<String, Measured> targets, List<Demand> demands) {
        return new Comparison(name, targets, demands, System.err);
    }

    private int subscribersOr(int standard) {
        return subscribers == null ? standard : subscribers;
    }

    private int rateOr(int standard) {
        return rates.isEmpty() ? standard : rates.get(0);
    }

    private int rowsOr(int standard) {
        return rows == null ? standard : rows;
    }

    private Duration minIntervalOr(Duration standard) {
        return minInterval == null ? standard : minInterval;
    }
}
