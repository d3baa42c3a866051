package dev.sluice.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench append}: durable appends in this process, beside a plain file and a plain RocksDB program. */
@Command(
        name = "append",
        mixinStandardHelpOptions = true,
        description =
                "Durable appends in process, each answered after its sync: Sluice, a plain file and a plain RocksDB"
                        + " program, interleaved.",
        footer = {"", "Example: sluice bench append --in-flight 256 --duration 10s --rounds 3"})
final class AppendCommand implements Callable<Integer> {
    private static final String SLUICE = "sluice";
    private static final String FILE = "file";
    private static final String TWO_PUT = "two-put";

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--in-flight",
            split = ",",
            defaultValue = "1,256",
            paramLabel = "N,…",
            description = "Appends under way at once (${DEFAULT-VALUE})")
    private List<Integer> inFlight = List.of();

    @Option(
            names = "--duration",
            defaultValue = "30s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of one run of one target (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(30);

    @Option(
            names = "--warm-up",
            defaultValue = "5s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of each target before it counts (${DEFAULT-VALUE})")
    private Duration warmUp = Duration.ofSeconds(5);

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try {
            var comparisons = new ArrayList<Comparison>();
            for (int count : inFlight) {
                var warming = comparison(count, warmUp);
                for (String target : warming.runs().keySet()) {
                    warming.measure(target, folder);
                }
                var comparison = comparison(count, duration);
                comparison.run(folder, options.rounds, options.quietWithin);
                comparisons.add(comparison);
            }
            var report = new Report(
                    "durable append in process, %d-byte JSON, %,d streams, %d s a run, median of %d rounds; %s"
                            .formatted(
                                    options.bytes,
                                    options.streams,
                                    duration.toSeconds(),
                                    options.rounds,
                                    Machine.describe()),
                    comparisons);
            report.print(System.out, options.json);
            return options.check && !report.isMet() ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison comparison(int count, Duration time) {
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        if (options.wants(SLUICE)) {
            targets.put(SLUICE, folder -> {
                var data = data();
                return run(new SluiceTarget(folder, data), data, count, time);
            });
        }
        if (options.wants(FILE)) {
            targets.put(FILE, folder -> run(new FileTarget(folder), data(), count, time));
        }
        if (options.wants(TWO_PUT)) {
            targets.put(TWO_PUT, folder -> run(new TwoPutTarget(folder, options.streams), data(), count, time));
        }
        return new Comparison(count + " in flight", targets, demands(count), System.err);
    }

    private OrderData data() {
        return new OrderData(options.bytes, options.streams);
    }

    private static Run run(AppendTarget target, OrderData data, int count, Duration time) {
        try (target) {
            return new AppendLoad(data, count).run(target, time.toNanos());
        }
    }

    private static List<Comparison.Demand> demands(int count) {
        return List.of(
                Comparison.Demand.ratio(SLUICE, FILE, count == 1 ? 0.8 : count == 256 ? 0.65 : 0),
                Comparison.Demand.ratio(SLUICE, TWO_PUT, count == 256 ? 1.3 : 0));
    }
}
