package dev.sluice.saga.scenario;

import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A saga as a flowchart in Mermaid: the way forward, dotted the way back. */
public final class Diagram {
    private final Structure structure;
    private final List<String> lines = new ArrayList<>();

    private Diagram(Structure structure) {
        this.structure = structure;
    }

    public static String of(Structure structure) {
        return new Diagram(structure).drawn(step -> null, step -> null);
    }

    /** With how many instances have which status. */
    public static String of(Structure structure, Map<Status, Long> counts) {
        var diagram = new Diagram(structure);
        var drawn = diagram.drawn(step -> null, step -> null);
        String counted = counts.entrySet().stream()
                .filter(each -> each.getValue() > 0)
                .sorted(Map.Entry.comparingByKey())
                .map(each -> each.getKey() + " " + each.getValue())
                .collect(Collectors.joining(" · "));
        return counted.isEmpty() ? drawn : drawn + note(counted);
    }

    /** With the status of each step of an instance. */
    public static String of(Structure structure, Instance instance) {
        return new Diagram(structure)
                        .drawn(step -> instance.step(step.name()).status().name(), step -> instance.step(step.name())
                                .status())
                + note(instance.key() + " run " + instance.run() + ": " + instance.status());
    }

    private static String note(String text) {
        return "    note>" + quoted(text) + "] --- start\n";
    }

    private String drawn(Function<Step, @Nullable String> notes, Function<Step, @Nullable StepStatus> statuses) {
        lines.add("flowchart TD");
        lines.add("    start([" + quoted(structure.start().event()) + "])");
        var before = List.of("start");
        for (var stage : structure.stages()) {
            for (var step : stage) {
                node(step, notes.apply(step));
            }
            for (String from : before) {
                stage.forEach(step -> lines.add("    " + from + " --> " + id(step)));
            }
            before = stage.stream().map(Diagram::id).toList();
        }
        lines.add("    completed([" + quoted("COMPLETED") + "])");
        before.forEach(from -> lines.add("    " + from + " --> completed"));
        back();
        styles(statuses);
        return String.join("\n", lines) + "\n";
    }

    private void node(Step step, @Nullable String note) {
        var send = step.send();
        var await = step.await();
        String what = send != null
                ? send.type()
                : await != null ? "awaits " + await.trigger().event() : "sleeps " + step.sleep();
        String text = quoted(step.name() + "<br/>" + what + (note == null ? "" : "<br/>" + note));
        String shape =
                switch (step.kind()) {
                    case COMPENSATABLE -> "[" + text + "]";
                    case PIVOT -> "{{" + text + "}}";
                    case RETRIABLE -> "[[" + text + "]]";
                    case AWAIT, SLEEP, HEARD -> "(" + text + ")";
                    case SCHEDULED -> "[/" + text + "\\]";
                };
        lines.add("    " + id(step) + shape);
    }

    /** The undos in reverse order, from the last step that can be undone. */
    private void back() {
        var undone =
                structure.steps().stream().filter(step -> step.undo() != null).toList();
        if (undone.isEmpty()) {
            return;
        }
        for (int i = undone.size() - 1; i >= 0; i--) {
            var step = undone.get(i);
            var undo = step.undo();
            lines.add("    undo_" + id(step) + "[/"
                    + quoted("undo " + step.name() + "<br/>" + (undo == null ? "" : undo.type())) + "/]");
            lines.add("    " + id(step) + " -.-> undo_" + id(step));
            lines.add("    undo_" + id(step) + " -.-> " + (i == 0 ? "compensated" : "undo_" + id(undone.get(i - 1))));
        }
        lines.add("    compensated([" + quoted("COMPENSATED") + "])");
    }

    private void styles(Function<Step, @Nullable StepStatus> statuses) {
        var byStatus = structure.steps().stream()
                .filter(step -> statuses.apply(step) != null && statuses.apply(step) != StepStatus.PENDING)
                .collect(Collectors.groupingBy(
                        step -> String.valueOf(statuses.apply(step))
                                .toLowerCase(Locale.ROOT)
                                .replace("_", ""),
                        TreeMap::new,
                        Collectors.mapping(Diagram::id, Collectors.joining(","))));
        byStatus.forEach((status, ids) -> {
            lines.add("    classDef " + status + " " + style(status));
            lines.add("    class " + ids + " " + status);
        });
    }

    private static String style(String status) {
        return switch (status) {
            case "succeeded" -> "fill:#cfc,stroke:#080";
            case "running", "undoing" -> "fill:#cdf,stroke:#04a";
            case "rejected", "unknown", "undofailed" -> "fill:#fcc,stroke:#a00";
            default -> "fill:#eee,stroke:#888";
        };
    }

    /** No word of Mermaid is a step of this name. */
    private static String id(Step step) {
        return "s_" + step.name().replace('-', '_');
    }

    /** Quotes and what Mermaid reads as an entity or as HTML are written as entities; a line break is ours. */
    private static String quoted(String text) {
        return "\""
                + text.replace("#", "#35;")
                        .replace("\"", "#quot;")
                        .replace("<", "#lt;")
                        .replace(">", "#gt;")
                        .replace("#lt;br/#gt;", "<br/>")
                        .replaceAll("\\p{Cntrl}", " ")
                + "\"";
    }
}
