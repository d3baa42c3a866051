package dev.sluice.bench;

import dev.sluice.kafka.DevBroker;
import dev.sluice.resilience.PolicyFile;
import dev.sluice.resilience.PolicySet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench ingest}: a topic into the log exactly once, beside the plain program, with and without a fold. */
@Command(
        name = "ingest",
        mixinStandardHelpOptions = true,
        description =
                "Reads a loaded topic of a real broker into the log, exactly once: Sluice and a plain RocksDB program,"
                        + " interleaved; the same with a fold (count, sum and last by key) on top; Sluice also with policies.",
        footer = {"", "Example: sluice bench ingest --records 2000000 --rounds 3"})
final class IngestCommand implements Callable<Integer> {
    private static final String SLUICE = "sluice";
    private static final String WITH_POLICIES = "sluice-policies";
    private static final String TWO_PUT = "two-put";
    private static final String FOLD = "+fold";
    private static final String TOPIC = "bench-orders";
    private static final long WARM_UP_RECORDS = 300_000;

    /** All that a policy can have, and so ample that it refuses nothing. */
    private static final String POLICIES = """
            policies:
              - name: ingest
                match: { address: "shard.*.ingest" }
                outbound:
                  deadline: 30s
                  rateLimit: [ { capacity: 1000000, refill: 1000000/s } ]
                  retry: { max: 2 }
                  breaker: { trips: [ { consecutiveFailures: 6 }, { failureRatio: 0.5 } ] }
                  concurrency: { fixed: 512 }
                  fallback: { reply: { status: 503 } }
                inbound:
                  rateLimit: [ { key: client, capacity: 1000000, refill: 1000000/s } ]
                  concurrency: { adaptive: gradient2, min: 512, max: 1024 }
            """;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--records",
            defaultValue = "12000000",
            paramLabel = "N",
            description = "Records in the topic (${DEFAULT-VALUE})")
    private long records = 12_000_000;

    @Option(
            names = "--partitions",
            defaultValue = "4",
            paramLabel = "N",
            description = "Partitions of the topic (${DEFAULT-VALUE})")
    private int partitions = 4;

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try (var broker = DevBroker.start(folder.resolve("kafka"), 0)) {
            broker.createTopic(TOPIC, partitions);
            var topic = Topic.load(
                    broker.bootstrapServers(),
                    TOPIC,
                    partitions,
                    records,
                    new OrderData(options.bytes, options.streams));
            System.err.printf("loaded %,d records%n", records);
            Path stores = Files.createDirectory(folder.resolve("stores"));
            var warming = comparison(topic.first(WARM_UP_RECORDS));
            for (String target : warming.runs().keySet()) {
                warming.measure(target, stores);
            }
            var comparison = comparison(topic);
            comparison.run(stores, options.rounds, options.quietWithin);
            var report = new Report(
                    "%,d records of %d bytes, %d partitions, %,d keys, from a broker beside it, median of %d rounds; %s"
                            .formatted(
                                    records,
                                    options.bytes,
                                    partitions,
                                    options.streams,
                                    options.rounds,
                                    Machine.describe()),
                    List.of(comparison));
            report.print(System.out, options.json);
            return options.check && !report.isMet() ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    private Comparison comparison(Topic topic) {
        var policies = PolicySet.compile(PolicyFile.read(POLICIES, "bench.yaml"));
        var targets = new LinkedHashMap<String, Comparison.Measured>();
        targets.put(SLUICE, folder -> SluiceIngest.run(topic, folder, false, PolicySet.EMPTY));
        targets.put(WITH_POLICIES, folder -> SluiceIngest.run(topic, folder, false, policies));
        targets.put(TWO_PUT, folder -> TwoPutIngest.run(topic, folder, false));
        targets.put(SLUICE + FOLD, folder -> SluiceIngest.run(topic, folder, true, PolicySet.EMPTY));
        targets.put(WITH_POLICIES + FOLD, folder -> SluiceIngest.run(topic, folder, true, policies));
        targets.put(TWO_PUT + FOLD, folder -> TwoPutIngest.run(topic, folder, true));
        targets.keySet().removeIf(target -> !options.wants(target));
        return new Comparison(
                "topic to log",
                targets,
                List.of(
                        Comparison.Demand.ratio(SLUICE, TWO_PUT, 1.5),
                        Comparison.Demand.ratio(SLUICE + FOLD, TWO_PUT + FOLD, 1.5),
                        Comparison.Demand.ratio(WITH_POLICIES, SLUICE, 0.97),
                        Comparison.Demand.ratio(WITH_POLICIES + FOLD, SLUICE + FOLD, 0.97)),
                System.err);
    }
}
