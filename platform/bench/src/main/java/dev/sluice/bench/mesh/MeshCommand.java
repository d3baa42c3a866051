package dev.sluice.bench.mesh;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.bench.Machine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench mesh}: what a call costs in each machine of the mesh, beside resilience4j, vertx-circuit-breaker and Bucket4j, by JMH;
 * and the scenarios that tell the breakers apart.
 */
@Command(
        name = "mesh",
        mixinStandardHelpOptions = true,
        description =
                "Breakers and limits beside resilience4j, vertx-circuit-breaker and Bucket4j: nanoseconds and bytes of a"
                        + " call, and what becomes of late outcomes, lost trials and throwing listeners.",
        footer = {"", "Example: sluice bench mesh --part scenarios"})
public final class MeshCommand implements Callable<Integer> {
    private static final String SLUICE = "sluice";
    private static final String BARE = "bareRequest";
    private static final String CHAIN = "sluiceChain";
    private static final String OVER_BARE = "sluiceChain over bareRequest";
    private static final Map<String, Double> MOST_NANOS =
            Map.of("sluiceBreaker", 80.0, "sluiceLimitPerKey", 120.0, OVER_BARE, 250.0);
    private static final Map<String, Double> MOST_BYTES = Map.of("sluiceBreaker", 0.1, OVER_BARE, 200.0);
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    @Option(
            names = "--part",
            split = ",",
            defaultValue = "calls,scenarios",
            paramLabel = "PART",
            description = "${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private List<Part> parts = List.of();

    @Option(
            names = "--rounds",
            defaultValue = "3",
            paramLabel = "N",
            description = "JVMs in which each call is measured, five seconds in each (${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--only", defaultValue = "", paramLabel = "REGEX", description = "Only calls whose name matches")
    private String only = "";

    @Option(names = "--json", description = "Print one JSON object")
    private boolean json;

    @Option(names = "--check", description = "Exit with 1 when something demanded of Sluice is missed")
    private boolean check;

    private enum Part {
        CALLS,
        SCENARIOS
    }

    @Override
    public Integer call() throws Exception {
        var document = new LinkedHashMap<String, Object>();
        boolean isMet = true;
        if (!json) {
            System.out.println(Machine.describe());
        }
        if (parts.contains(Part.CALLS)) {
            var costs = withDifference(measure().stream().map(MeshCommand::cost).toList());
            document.put("calls", costs);
            isMet = costs.stream().allMatch(Cost::isMet);
            if (!json) {
                print(costs);
            }
        }
        if (parts.contains(Part.SCENARIOS)) {
            var results = Scenarios.play();
            document.put("scenarios", results);
            isMet &= results.stream().allMatch(result -> result.isAsExpected(SLUICE));
            if (!json) {
                System.out.println();
                Scenarios.print(results, System.out);
            }
        }
        if (json) {
            System.out.println(new ObjectMapper().writeValueAsString(document));
        }
        return check && !isMet ? 1 : 0;
    }

    private Collection<RunResult> measure() throws RunnerException {
        var options = new OptionsBuilder()
                .include("(" + MeshBenchmarks.class.getSimpleName() + "|" + ChainBenchmarks.class.getSimpleName()
                        + ")\\..*" + only)
                .forks(rounds)
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(5)
                .measurementTime(TimeValue.seconds(1))
                .jvmArgsAppend("-Dlogback.configurationFile=dev/sluice/bench/logback.xml")
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT)
                .build();
        return new Runner(options).run();
    }

    private static Cost cost(RunResult result) {
        var iterations = result.getPrimaryResult().getStatistics();
        return new Cost(
                result.getPrimaryResult().getLabel(),
                iterations.getPercentile(50),
                iterations.getMin(),
                iterations.getMax(),
                Objects.requireNonNull(result.getSecondaryResults().get(ALLOCATED))
                        .getScore());
    }

    /** The chain of policies costs what a call through it takes more than one without. */
    private static List<Cost> withDifference(List<Cost> costs) {
        var byName = costs.stream().collect(Collectors.toMap(Cost::call, cost -> cost));
        var all = new ArrayList<>(costs);
        var bare = byName.get(BARE);
        var chain = byName.get(CHAIN);
        if (bare != null && chain != null) {
            all.add(new Cost(
                    OVER_BARE,
                    chain.nanos - bare.nanos,
                    chain.leastNanos - bare.nanos,
                    chain.mostNanos - bare.nanos,
                    chain.bytes - bare.bytes));
        }
        return all;
    }

    private static void print(List<Cost> costs) {
        System.out.printf("%-38s %10s %10s %10s %10s%n", "call", "median ns", "least", "most", "bytes");
        for (var cost : costs) {
            var most = MOST_NANOS.get(cost.call);
            System.out.printf(
                    "%-38s %10.1f %10.1f %10.1f %10.1f%s%n",
                    cost.call,
                    cost.nanos,
                    cost.leastNanos,
                    cost.mostNanos,
                    cost.bytes,
                    most == null ? "" : "   demanded %.0f ns: %s".formatted(most, cost.isMet() ? "met" : "MISSED"));
        }
    }

    /** What one call cost: over all seconds of measuring the median, the least and the most. */
    record Cost(String call, double nanos, double leastNanos, double mostNanos, double bytes) {
        boolean isMet() {
            return bytes <= MOST_BYTES.getOrDefault(call, Double.MAX_VALUE)
                    && nanos <= MOST_NANOS.getOrDefault(call, Double.MAX_VALUE);
        }
    }
}
