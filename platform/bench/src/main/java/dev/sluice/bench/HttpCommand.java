package dev.sluice.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench http}: durable appends over HTTP; a figure beside {@code append}, with no program to compare it with. */
@Command(
        name = "http",
        mixinStandardHelpOptions = true,
        description = "Durable appends over HTTP to a server in its own process, one event a request.",
        footer = {"", "Example: sluice bench http --in-flight 64 --duration 10s --rounds 1"})
final class HttpCommand implements Callable<Integer> {
    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--in-flight",
            split = ",",
            defaultValue = "1,256",
            paramLabel = "N,…",
            description = "Requests under way at once, each on its connection (${DEFAULT-VALUE})")
    private List<Integer> inFlight = List.of();

    @Option(
            names = "--duration",
            defaultValue = "30s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of one run, after a warm-up of 10 s (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(30);

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try {
            var comparisons = new ArrayList<Comparison>();
            for (int count : inFlight) {
                var comparison = new Comparison(
                        count + " in flight", Map.of("http", own -> run(own, count)), List.of(), System.err);
                comparison.run(folder, options.rounds, options.quietWithin);
                comparisons.add(comparison);
            }
            new Report(
                            "durable append over HTTP, %d-byte JSON, %,d streams, %d s a run, median of %d rounds; %s (CPU of the client only)"
                                    .formatted(
                                            options.bytes,
                                            options.streams,
                                            duration.toSeconds(),
                                            options.rounds,
                                            Machine.describe()),
                            comparisons)
                    .print(System.out, options.json);
            return 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Run run(Path folder, int count) throws Exception {
        var data = new OrderData(options.bytes, options.streams);
        try (var target = new HttpTarget(folder, data, count)) {
            new AppendLoad(data, count).run(target, Duration.ofSeconds(10).toNanos());
            return new AppendLoad(data, count).run(target, duration.toNanos());
        }
    }
}
