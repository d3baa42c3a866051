package dev.sluice.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench command}: durable commands to many aggregates in this process, beside plain appends. */
@Command(
        name = "command",
        mixinStandardHelpOptions = true,
        description =
                "Durable commands over the mesh to aggregates, each with an id: all states in memory, and (cold) a"
                        + " tenth of them; beside appends.",
        footer = {"", "Example: sluice bench command --in-flight 256 --duration 10s --rounds 3"})
final class CommandCommand implements Callable<Integer> {
    private static final String WARM = "command";
    private static final String COLD = "command-cold";
    private static final String APPEND = "append";
    private static final int COLD_SHARE = 10;
    private static final double LEAST = 20_000;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--in-flight",
            defaultValue = "256",
            paramLabel = "N",
            description = "Commands under way at once (${DEFAULT-VALUE})")
    private int inFlight = 256;

    @Option(
            names = "--duration",
            defaultValue = "20s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of one run of one target (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(20);

    @Option(
            names = "--warm-up",
            defaultValue = "10s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of each target before it counts (${DEFAULT-VALUE})")
    private Duration warmUp = Duration.ofSeconds(10);

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try {
            var warming = comparison(warmUp);
            for (String target : warming.runs().keySet()) {
                warming.measure(target, folder);
            }
            var comparison = comparison(duration);
            comparison.run(folder, options.rounds, options.quietWithin);
            var report = new Report(
                    "durable commands in process, %,d aggregates, %d s a run, median of %d rounds; %s"
                            .formatted(options.streams, duration.toSeconds(), options.rounds, Machine.describe()),
                    List.of(comparison));
            report.print(System.out, options.json);
            return options.check && !report.isMet() ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison comparison(Duration time) {
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        if (options.wants(WARM)) {
            targets.put(WARM, folder -> run(new AccountTarget(folder, options.streams, options.streams), time));
        }
        if (options.wants(COLD)) {
            targets.put(
                    COLD,
                    folder -> run(new AccountTarget(folder, options.streams, options.streams / COLD_SHARE), time));
        }
        if (options.wants(APPEND)) {
            targets.put(APPEND, folder -> run(new SluiceTarget(folder, data()), time));
        }
        return new Comparison(
                inFlight + " in flight",
                targets,
                List.of(
                        new Comparison.Demand(WARM, null, Comparison.Figure.EVENTS_PER_SECOND, LEAST),
                        Comparison.Demand.shown(COLD, Comparison.Figure.EVENTS_PER_SECOND),
                        Comparison.Demand.ratio(WARM, APPEND, 0)),
                System.err);
    }

    private OrderData data() {
        return new OrderData(options.bytes, options.streams);
    }

    private Run run(AppendTarget target, Duration time) {
        try (target) {
            return new AppendLoad(data(), inFlight).run(target, time.toNanos());
        }
    }
}
