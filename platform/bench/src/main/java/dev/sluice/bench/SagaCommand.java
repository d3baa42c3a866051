package dev.sluice.bench;

import dev.sluice.bench.Comparison.Demand;
import dev.sluice.bench.Comparison.Measured;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench saga}: durable sagas beside a process engine, the start on many live instances, and timers. */
@Command(
        name = "saga",
        mixinStandardHelpOptions = true,
        description =
                "Sagas in process: four steps, each a command to an aggregate, as many as go, beside an embedded process"
                        + " engine with three tasks, interleaved (an event is a step); the same at a constant rate; a start with"
                        + " many live instances until the first command is sent; timers that are due within a minute.",
        footer = {"", "Example: sluice bench saga --part steps --rounds 1 --sagas 5000 --flows 1000"})
final class SagaCommand implements Callable<Integer> {
    private static final String SLUICE = "sluice";
    private static final String FLOWABLE = "flowable";
    private static final int STEPS = 4;
    private static final int WARM_UP_SHARE = 5;
    private static final Duration NAP = Duration.ofSeconds(70);
    private static final Duration SHORT_NAP = Duration.ofSeconds(1);
    private static final long WARM_UP_TIMERS = 1_000;

    /** What can be measured on its own. */
    enum Part {
        STEPS,
        RATE,
        RESTART,
        TIMERS
    }

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--part",
            split = ",",
            defaultValue = "steps,rate,restart,timers",
            paramLabel = "PART,…",
            description = "What is measured (${DEFAULT-VALUE})")
    private List<Part> parts = List.of();

    @Option(
            names = "--sagas",
            defaultValue = "50000",
            paramLabel = "N",
            description = "Sagas in a run of Sluice (${DEFAULT-VALUE})")
    private long sagas = 50_000;

    @Option(
            names = "--flows",
            defaultValue = "10000",
            paramLabel = "N",
            description = "Instances in a run of the process engine (${DEFAULT-VALUE})")
    private long flows = 10_000;

    @Option(
            names = "--in-flight",
            defaultValue = "1000",
            paramLabel = "N",
            description = "Sagas, or instances of the process engine, under way at once (${DEFAULT-VALUE})")
    private int inFlight = 1_000;

    @Option(
            names = "--rate",
            defaultValue = "500",
            paramLabel = "N",
            description = "Sagas a second in the part 'rate' (${DEFAULT-VALUE})")
    private int rate = 500;

    @Option(
            names = "--duration",
            defaultValue = "30s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of a run of the part 'rate' (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(30);

    @Option(
            names = "--instances",
            defaultValue = "1000000",
            paramLabel = "N",
            description = "Live instances in the part 'restart' (${DEFAULT-VALUE})")
    private long instances = 1_000_000;

    @Option(
            names = "--timers",
            defaultValue = "100000",
            paramLabel = "N",
            description = "Timers due within a minute (${DEFAULT-VALUE})")
    private long timers = 100_000;

    @Option(
            names = "--engine-setting",
            paramLabel = "KEY=VALUE",
            description = "A setting of the process engine's program that wins over those of the benchmark")
    private Map<String, String> engineSettings = Map.of();

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try {
            var comparisons = new ArrayList<Comparison>();
            if (parts.contains(Part.STEPS)) {
                comparisons.add(steps(folder));
            }
            if (parts.contains(Part.RATE)) {
                comparisons.add(rate(folder));
            }
            if (parts.contains(Part.RESTART)) {
                comparisons.add(restart(folder));
            }
            if (parts.contains(Part.TIMERS)) {
                comparisons.add(timers(folder));
            }
            var report = new Report(
                    "durable sagas in process, orders of %d bytes, %,d aggregates, median of %d rounds; %s"
                            .formatted(options.bytes, options.streams, options.rounds, Machine.describe()),
                    comparisons);
            report.print(System.out, options.json);
            return options.check && !report.isMet() ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison steps(Path folder) throws Exception {
        try (var engine = new FlowsProcess(folder, engineSettings)) {
            return measured(folder, steps(engine, WARM_UP_SHARE), steps(engine, 1));
        }
    }

    private Comparison steps(FlowsProcess engine, int share) {
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(SLUICE, own -> fulfil(own, sagas / share, load -> load.keep(inFlight, sagas / share)));
        targets.put(FLOWABLE, own -> engine.run(flows / share, inFlight, own));
        return comparison(
                "steps a second, %,d under way".formatted(inFlight),
                targets,
                List.of(
                        Demand.perSecond(SLUICE, 1_000 * STEPS),
                        Demand.ratio(SLUICE, FLOWABLE, 8),
                        Demand.cpuRatio(SLUICE, FLOWABLE, 0)));
    }

    private Comparison rate(Path folder) throws Exception {
        long all = rate * duration.toSeconds();
        long nanos = TimeUnit.SECONDS.toNanos(1) / rate;
        return measured(folder, rate(all / WARM_UP_SHARE, nanos), rate(all, nanos));
    }

    private Comparison rate(long count, long nanos) {
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(SLUICE, own -> fulfil(own, count, load -> load.every(nanos, count)));
        return comparison(
                "from step to step at %,d sagas/s".formatted(rate),
                targets,
                List.of(Demand.most(SLUICE, Comparison.Figure.P99_MILLIS, 25)));
    }

    private interface Loading {
        void run(SagaLoad load);
    }

    private Run fulfil(Path own, long count, Loading loading) {
        return run(own, SagaShop.fulfilment(options.streams), count * STEPS, loading, SagaTimes::hops);
    }

    private interface Latencies {
        Histogram of(SagaTimes times);
    }

    private Run run(Path own, SagaDefinition saga, long events, Loading loading, Latencies latencies) {
        try (var rooms = new SagaRooms(own, List.of(saga), () -> {})) {
            double cpuBefore = Machine.cpuSeconds();
            long start = System.nanoTime();
            loading.run(new SagaLoad(rooms, data(), saga.name(), Status.COMPLETED));
            long nanos = System.nanoTime() - start;
            double cpu = Machine.cpuSeconds() - cpuBefore;
            return new Run(events, nanos, cpu, latencies.of(SagaTimes.of(rooms.log(), saga.name())));
        }
    }

    private Comparison restart(Path folder) throws Exception {
        var filled = SagaRestart.fill(folder.resolve("filled"), data(), instances);
        System.err.printf("filled a log with %,d live instances%n", instances);
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(SLUICE, unused -> filled.run());
        var comparison = comparison(
                "start with %,d live instances".formatted(instances),
                targets,
                List.of(
                        Demand.most(SLUICE, Comparison.Figure.SECONDS_UNTIL_SENT, 5),
                        Demand.shown(SLUICE, Comparison.Figure.HEAP_MIB),
                        Demand.shown(SLUICE, Comparison.Figure.RESIDENT_MIB)));
        comparison.run(folder, options.rounds, options.quietWithin);
        Machine.delete(folder.resolve("filled"));
        return comparison;
    }

    private Comparison timers(Path folder) throws Exception {
        long nanos = TimeUnit.MINUTES.toNanos(1) / timers;
        return measured(folder, timers(WARM_UP_TIMERS, nanos, SHORT_NAP), timers(timers, nanos, NAP));
    }

    private Comparison timers(long count, long nanos, Duration nap) {
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(
                SLUICE,
                own -> run(own, SagaShop.nap(nap), count, load -> load.every(nanos, count), SagaTimes::lateness));
        return comparison(
                "how late timers are, %,d within a minute".formatted(timers),
                targets,
                List.of(Demand.most(SLUICE, Comparison.Figure.P99_MILLIS, 50)));
    }

    private Comparison comparison(String name, Map<String, Measured> targets, List<Demand> demands) {
        targets.keySet().removeIf(target -> !options.wants(target));
        return new Comparison(name, targets, demands, System.err);
    }

    /** Measures after each target has run once uncounted. */
    private Comparison measured(Path folder, Comparison warming, Comparison comparison) throws Exception {
        for (String target : warming.runs().keySet()) {
            warming.measure(target, folder);
        }
        comparison.run(folder, options.rounds, options.quietWithin);
        return comparison;
    }

    private OrderData data() {
        return new OrderData(options.bytes, options.streams);
    }
}
