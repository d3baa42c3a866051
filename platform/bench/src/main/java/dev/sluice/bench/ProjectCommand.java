package dev.sluice.bench;

import dev.sluice.bench.Comparison.Demand;
import dev.sluice.bench.Comparison.Measured;
import dev.sluice.kafka.DevBroker;
import dev.sluice.resilience.PolicySet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench project}: projections from a topic, beside Kafka Streams and the plain program, and from the log alone. */
@Command(
        name = "project",
        mixinStandardHelpOptions = true,
        description =
                "Folds (count, sum and last by key): a topic through the log to durable rows beside Kafka Streams with"
                        + " exactly_once_v2 and a plain RocksDB program, interleaved; the log alone into 1, 4 and 16 projections; a"
                        + " rebuild, what it costs appends, and what the change index costs.",
        footer = {"", "Example: sluice bench project --part kafka --records 1000000 --rounds 1"})
final class ProjectCommand implements Callable<Integer> {
    private static final String SLUICE = "sluice";
    private static final String CACHED = "streams";
    private static final String UNCACHED = "streams-uncached";
    private static final String TWO_PUT = "two-put";
    private static final String FOLD = "fold-";
    private static final String REBUILD = "rebuild";
    private static final String APPENDS = "appends";
    private static final String WHILE_REBUILDING = "appends+rebuild";
    private static final String ROWS = "rows";
    private static final String INDEXED_ROWS = "rows+index";
    private static final int PARTITIONS = 4;

    /** The compilers are at work until a program has had about ten million events. */
    private static final int WARM_UP_RUNS = 2;

    /** How many projections fold together, and what is demanded of them: events a CPU-second. */
    private static final Map<Integer, Integer> FOLDS = new TreeMap<>(Map.of(1, 400_000, 4, 300_000, 16, 120_000));

    /** What can be measured on its own. */
    enum Part {
        KAFKA,
        FOLD,
        REBUILD,
        INDEX
    }

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--part",
            split = ",",
            defaultValue = "kafka,fold,rebuild,index",
            paramLabel = "PART,…",
            description = "What is measured (${DEFAULT-VALUE})")
    private List<Part> parts = List.of();

    @Option(
            names = "--keys",
            split = ",",
            defaultValue = "uniform,zipf",
            paramLabel = "KEYS,…",
            description = "How the keys of the topic are drawn (${DEFAULT-VALUE})")
    private List<OrderData.Keys> keys = List.of();

    @Option(
            names = "--records",
            defaultValue = "5000000",
            paramLabel = "N",
            description = "Records in the topic, and events in the log (${DEFAULT-VALUE})")
    private long records = 5_000_000;

    @Option(
            names = "--duration",
            defaultValue = "20s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "Of one run of appends at most (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(20);

    @Option(
            names = "--streams-setting",
            paramLabel = "KEY=VALUE",
            description = "A setting of Kafka Streams that wins over those of the benchmark")
    private Map<String, String> streamsSettings = Map.of();

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try {
            var comparisons = new ArrayList<Comparison>();
            if (parts.contains(Part.KAFKA)) {
                for (var each : keys) {
                    comparisons.add(fromKafka(folder.resolve(each.name()), each));
                }
            }
            if (parts.contains(Part.FOLD) || parts.contains(Part.REBUILD)) {
                comparisons.addAll(fromLog(Files.createDirectory(folder.resolve("logs"))));
            }
            if (parts.contains(Part.INDEX)) {
                comparisons.add(measured(folder, index()));
            }
            var report = new Report(
                    "count, sum and last by key, %,d events of %d bytes, %,d keys, median of %d rounds; %s"
                            .formatted(records, options.bytes, options.streams, options.rounds, Machine.describe()),
                    comparisons);
            report.print(System.out, options.json);
            return options.check && !report.isMet() ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison fromKafka(Path folder, OrderData.Keys drawn) throws Exception {
        String name = "bench-" + drawn.name().toLowerCase(Locale.ROOT);
        Path stores = Files.createDirectories(folder.resolve("stores"));
        try (var broker = DevBroker.start(folder.resolve("kafka"), 0);
                var streams = new StreamsProcess(folder, streamsSettings)) {
            broker.createTopic(name, PARTITIONS);
            var topic = Topic.load(broker.bootstrapServers(), name, PARTITIONS, records, data(drawn));
            System.err.printf("loaded %,d records%n", records);
            return measured(stores, fromKafka(topic, drawn, streams));
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison fromKafka(Topic topic, OrderData.Keys drawn, StreamsProcess streams) {
        double least = drawn == OrderData.Keys.UNIFORM ? 1.2 : 1.0;
        double leastPerCpu = 1.8;
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(SLUICE, folder -> SluiceIngest.run(topic, folder, true, PolicySet.EMPTY));
        targets.put(CACHED, folder -> streams.run(topic, folder, true));
        targets.put(UNCACHED, folder -> streams.run(topic, folder, false));
        targets.put(TWO_PUT, folder -> TwoPutIngest.run(topic, folder, true));
        return comparison(
                "topic to rows, " + drawn.name().toLowerCase(Locale.ROOT) + " keys",
                targets,
                List.of(
                        Demand.ratio(SLUICE, CACHED, least),
                        Demand.ratio(SLUICE, UNCACHED, least),
                        Demand.cpuRatio(SLUICE, CACHED, leastPerCpu),
                        Demand.cpuRatio(SLUICE, UNCACHED, leastPerCpu),
                        Demand.ratio(SLUICE, TWO_PUT, 0)));
    }

    private List<Comparison> fromLog(Path folder) throws Exception {
        var logs = new Logs(folder);
        var comparisons = new ArrayList<Comparison>();
        if (parts.contains(Part.FOLD)) {
            comparisons.add(measured(folder, fold(logs)));
        }
        if (parts.contains(Part.REBUILD)) {
            comparisons.add(measured(folder, rebuild(logs.with(1))));
            comparisons.add(measured(folder, appends(logs.with(1))));
        }
        return comparisons;
    }

    private Comparison fold(Logs logs) {
        var targets = new LinkedHashMap<String, Measured>();
        FOLDS.keySet()
                .forEach(views ->
                        targets.put(FOLD + views, folder -> logs.with(views).fold(folder)));
        return comparison(
                "log to rows, by projections",
                targets,
                FOLDS.entrySet().stream()
                        .map(fold -> Demand.perCpuSecond(FOLD + fold.getKey(), fold.getValue()))
                        .toList());
    }

    private Comparison rebuild(FoldRuns runs) {
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(REBUILD, runs::rebuild);
        targets.put(FOLD + 1, runs::fold);
        return comparison("rebuild beside the live view", targets, List.of(Demand.ratio(REBUILD, FOLD + 1, 0.8)));
    }

    private Comparison appends(FoldRuns runs) {
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(WHILE_REBUILDING, folder -> runs.appends(folder, data(OrderData.Keys.UNIFORM), duration, true));
        targets.put(APPENDS, folder -> runs.appends(folder, data(OrderData.Keys.UNIFORM), duration, false));
        return comparison(
                "appends while a view is rebuilt", targets, List.of(Demand.ratio(WHILE_REBUILDING, APPENDS, 0.8)));
    }

    private Comparison index() {
        var targets = new LinkedHashMap<String, Measured>();
        targets.put(INDEXED_ROWS, folder -> IndexWrites.run(folder, options.streams, true));
        targets.put(ROWS, folder -> IndexWrites.run(folder, options.streams, false));
        return comparison(
                "rows written to the store of views, by row", targets, List.of(Demand.cpuRatio(INDEXED_ROWS, ROWS, 0)));
    }

    private Comparison comparison(String name, Map<String, Measured> targets, List<Demand> demands) {
        targets.keySet().removeIf(target -> !options.wants(target));
        return new Comparison(name, targets, demands, System.err);
    }

    /** Measures after each target has run uncounted. */
    private Comparison measured(Path folder, Comparison comparison) throws Exception {
        for (int i = 0; i < WARM_UP_RUNS; i++) {
            for (String target : comparison.runs().keySet()) {
                comparison.measure(target, folder);
            }
        }
        comparison.run(folder, options.rounds, options.quietWithin);
        return comparison;
    }

    private OrderData data(OrderData.Keys drawn) {
        return new OrderData(options.bytes, options.streams, drawn);
    }

    /** Logs of the same events, each filled when it is first asked for. */
    private final class Logs {
        private final Path folder;
        private final Map<Integer, FoldRuns> byViews = new HashMap<>();

        Logs(Path folder) {
            this.folder = folder;
        }

        /** The runs over a log with so many projections defined. */
        FoldRuns with(int views) {
            return byViews.computeIfAbsent(views, absent -> {
                var data = data(OrderData.Keys.UNIFORM);
                var filled = FoldRuns.fill(folder.resolve(String.valueOf(views)), data, records, views);
                System.err.printf("filled a log with %,d events and %d projections%n", records, views);
                return filled;
            });
        }
    }
}
