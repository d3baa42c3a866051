package dev.sluice.saga.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.scenario.Scenario;
import dev.sluice.saga.scenario.Unexpected;
import dev.sluice.yaml.Document;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** A scenario of a saga in YAML. */
public final class Script {
    private static final List<String> VERBS = List.of("sends", "undoes", "probes", "publishes", "on");

    private final String name;
    private final List<Line> lines;

    /** What is done, and where it is written. */
    private record Line(String place, Consumer<Scenario> action) {}

    private Script(String name, List<Line> lines) {
        this.name = name;
        this.lines = lines;
    }

    /** Those of a document, in order. */
    static List<Script> read(Document document) {
        var keys = Keys.of(
                document,
                document.root(),
                "",
                document.fields(document.root(), "", null).keySet().toArray(String[]::new));
        var scripts = new ArrayList<Script>();
        for (var node : keys.list("scenarios")) {
            String path = "scenarios[" + scripts.size() + "]";
            var at = Keys.of(document, node, path, "name", "given", "then");
            var lines = new ArrayList<Line>();
            events(document, at.present("given", "an event: { TYPE: DATA }"), at.path("given"), lines);
            at.present("then", "a list of what happens");
            for (var each : at.list("then")) {
                step(
                        Keys.of(
                                document,
                                each,
                                at.path("then") + "[" + lines.size() + "]",
                                "sends",
                                "undoes",
                                "probes",
                                "publishes",
                                "on",
                                "with",
                                "to",
                                "reply",
                                "reject",
                                "fails",
                                "noReply",
                                "deferred",
                                "given",
                                "late",
                                "advance",
                                "operator",
                                "step",
                                "status"),
                        lines);
            }
            String place = place(document, node);
            scripts.add(new Script(at.has("name") ? at.text("name", "") : "scenario at " + place, lines));
        }
        return scripts;
    }

    private static String place(Document document, Node node) {
        return document.file() + ":"
                + node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    public String name() {
        return name;
    }

    /** What differs, with its file and line; null when all is as it is written. */
    public @Nullable String problem(SagaDefinition definition) {
        var scenario = new Scenario(definition);
        String place = "";
        try {
            for (var line : lines) {
                place = line.place();
                line.action().accept(scenario);
            }
            scenario.done();
            return null;
        } catch (Unexpected | Failure unexpected) {
            return place + ": " + unexpected.getMessage();
        }
    }

    private static void events(Document document, Node node, String path, List<Line> lines) {
        document.fields(node, path, null)
                .forEach((type, data) ->
                        add(lines, document, data, scenario -> scenario.given(type, Template.literal(data))));
    }

    private static void add(List<Line> lines, Document document, Node node, Consumer<Scenario> action) {
        lines.add(new Line(place(document, node), action));
    }

    private static void step(Keys at, List<Line> lines) {
        var document = at.document();
        var actions = new LinkedHashMap<String, Consumer<Scenario>>();
        var with = at.get("with");
        JsonNode data = with == null ? null : Template.literal(with);
        long said = VERBS.stream().filter(at::has).count();
        if (said > 1) {
            throw at.invalid("", "found " + said + " of " + String.join(", ", VERBS) + ", expected one");
        }
        for (String verb : VERBS) {
            if (at.has(verb)) {
                actions.put(verb, expectation(verb, at.text(verb, ""), data));
            }
        }
        if (said == 0 && with != null) {
            throw at.invalid("with", "found it alone, expected it beside sends, undoes, probes or publishes");
        }
        if (at.has("to")) {
            String to = at.text("to", "");
            actions.put("to", scenario -> scenario.to(to));
        }
        answers(at, actions);
        happenings(at, actions);
        if (actions.isEmpty()) {
            throw at.invalid("", "found nothing, expected what is sent, answered or comes");
        }
        actions.forEach(
                (key, action) -> add(lines, document, Objects.requireNonNullElse(at.get(key), at.node()), action));
    }

    private static Consumer<Scenario> expectation(String verb, String name, @Nullable JsonNode data) {
        return switch (verb) {
            case "sends" -> scenario -> scenario.sends(name, data);
            case "undoes" -> scenario -> scenario.undoes(name, data);
            case "probes" -> scenario -> scenario.probes(name, data);
            case "publishes" -> scenario -> scenario.publishes(name, data);
            default -> scenario -> scenario.on(name);
        };
    }

    private static void answers(Keys at, LinkedHashMap<String, Consumer<Scenario>> actions) {
        var reply = at.get("reply");
        if (reply != null) {
            var typed = at.document().fields(reply, at.path("reply"), null);
            if (typed.size() > 1) {
                throw at.invalid("reply", "found " + typed.size() + " types, expected one: { TYPE: DATA }, or {}");
            }
            if (typed.isEmpty()) {
                actions.put("reply", scenario -> scenario.reply("", Template.NODES.objectNode()));
            }
            typed.forEach(
                    (type, data) -> actions.put("reply", scenario -> scenario.reply(type, Template.literal(data))));
        }
        if (at.has("reject")) {
            String code = at.text("reject", "");
            actions.put("reject", scenario -> scenario.reject(code, "in a scenario"));
        }
        if (at.has("fails")) {
            String error = at.text("fails", "");
            actions.put("fails", scenario -> scenario.fails(error));
        }
        if (at.truth("noReply")) {
            actions.put("noReply", Scenario::noReply);
        }
        var deferred = at.duration("deferred");
        if (deferred != null) {
            actions.put("deferred", scenario -> scenario.deferred(deferred));
        }
    }

    private static void happenings(Keys at, LinkedHashMap<String, Consumer<Scenario>> actions) {
        var document = at.document();
        var given = at.get("given");
        if (given != null) {
            var lines = new ArrayList<Line>();
            events(document, given, at.path("given"), lines);
            actions.put("given", scenario -> lines.forEach(line -> line.action().accept(scenario)));
        }
        var late = at.get("late");
        if (late != null) {
            document.fields(late, at.path("late"), null)
                    .forEach((step, reply) -> document.fields(reply, at.path("late") + "." + step, null)
                            .forEach((type, data) -> actions.put(
                                    "late", scenario -> scenario.late(step, type, Template.literal(data)))));
        }
        Duration advance = at.duration("advance");
        if (advance != null) {
            actions.put("advance", scenario -> scenario.advance(advance));
        }
        if (at.has("operator")) {
            var verb = constant(at, "operator", Input.Verb.values());
            String step = at.has("step") ? at.text("step", "") : null;
            actions.put("operator", scenario -> scenario.operator(verb, step, null));
        }
        if (at.has("status")) {
            var status = constant(at, "status", Status.values());
            actions.put("status", scenario -> scenario.status(status));
        }
    }

    private static <E extends Enum<E>> E constant(Keys at, String key, E[] all) {
        String text = at.text(key, "");
        return Stream.of(all)
                .filter(each -> each.name().equals(text.toUpperCase(Locale.ROOT).replace('-', '_')))
                .findFirst()
                .orElseThrow(() -> at.invalid(
                        key,
                        "found '" + text + "', expected "
                                + Stream.of(all).map(Enum::name).collect(Collectors.joining(", "))));
    }
}
