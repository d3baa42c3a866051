package dev.sluice.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Prints comparisons: medians of the rounds for people, or everything as one JSON object. */
final class Report {
    private final String setting;
    private final List<Comparison> comparisons;

    /** @param setting what was measured where, in one line */
    Report(String setting, List<Comparison> comparisons) {
        this.setting = setting;
        this.comparisons = comparisons;
    }

    /** Whether everything demanded is met. */
    boolean isMet() {
        return comparisons.stream()
                .allMatch(comparison -> comparison.outcomes().stream().allMatch(Comparison.Outcome::isMet));
    }

    void print(PrintStream out, boolean asJson) {
        if (asJson) {
            out.println(json());
        } else {
            table(out);
        }
    }

    private void table(PrintStream out) {
        out.println(setting);
        for (var comparison : comparisons) {
            out.printf("%n%s%n", comparison.name());
            out.printf("  %-20s %10s %9s %9s %13s%n", "target", "events/s", "p50 ms", "p99 ms", "CPU µs/event");
            comparison
                    .runs()
                    .forEach((target, runs) -> out.printf(
                            "  %-20s %,10.0f %9s %9s %13.2f%n",
                            target,
                            median(runs, Run::eventsPerSecond),
                            millis(median(runs, run -> run.latencyMicros(50))),
                            millis(median(runs, run -> run.latencyMicros(99))),
                            median(runs, Run::cpuMicrosPerEvent)));
            for (var outcome : comparison.outcomes()) {
                out.println("  " + line(outcome));
            }
        }
    }

    private static String line(Comparison.Outcome outcome) {
        var demand = outcome.demand();
        String format = demand.beside() == null ? demand.figure().format : "%.2f";
        String subject = demand.beside() == null ? demand.target() : demand.target() + " / " + demand.beside();
        String demanded = demand.isDemanded()
                ? " demanded " + format.formatted(demand.limit()) + ": " + (outcome.isMet() ? "met" : "MISSED")
                : "";
        return "%s, %s = %s %s%s"
                .formatted(
                        subject,
                        demand.figure().shown,
                        format.formatted(outcome.median()),
                        outcome.rounds().stream().map(format::formatted).toList(),
                        demanded);
    }

    private static String millis(double micros) {
        return micros < 0 ? "" : "%.2f".formatted(micros / 1e3);
    }

    private static double median(List<Run> runs, ToDoubleFunction<Run> figure) {
        return Comparison.median(runs.stream().map(figure::applyAsDouble).toList());
    }

    private String json() {
        var document = new LinkedHashMap<String, Object>();
        document.put("setting", setting);
        var results = new ArrayList<Map<String, Object>>();
        for (var comparison : comparisons) {
            var targets = new LinkedHashMap<String, Object>();
            comparison
                    .runs()
                    .forEach((target, runs) ->
                            targets.put(target, runs.stream().map(Report::json).toList()));
            results.add(Map.of(
                    "name",
                    comparison.name(),
                    "targets",
                    targets,
                    "ratios",
                    comparison.outcomes().stream().map(Report::json).toList()));
        }
        document.put("results", results);
        try {
            return new ObjectMapper().writeValueAsString(document);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Map<String, Object> json(Run run) {
        var json = new LinkedHashMap<String, Object>();
        json.put("events", run.events());
        json.put("seconds", run.nanos() / 1e9);
        json.put("eventsPerSecond", run.eventsPerSecond());
        json.put("cpuMicrosPerEvent", run.cpuMicrosPerEvent());
        if (run.latencies() != null) {
            json.put("p50Micros", run.latencyMicros(50));
            json.put("p99Micros", run.latencyMicros(99));
        }
        run.more().forEach((figure, value) -> json.put(figure.shown, value));
        return json;
    }

    private static Map<String, Object> json(Comparison.Outcome outcome) {
        var json = new LinkedHashMap<String, Object>();
        json.put("target", outcome.demand().target());
        if (outcome.demand().beside() != null) {
            json.put("beside", outcome.demand().beside());
        }
        json.put("figure", outcome.demand().figure().shown);
        json.put("median", outcome.median());
        json.put("rounds", outcome.rounds());
        if (outcome.demand().isDemanded()) {
            json.put("demanded", outcome.demand().limit());
        }
        json.put("met", outcome.isMet());
        return json;
    }
}
