package dev.sluice.saga.yaml;

import dev.sluice.expression.Expression;
import dev.sluice.expression.TreeFormula;
import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.Rules;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import dev.sluice.yaml.Document;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads one saga from the tree of its document, strictly. */
final class SagaReader {
    private static final String[] STEP_KEYS = {
        "name",
        "kind",
        "if",
        "send",
        "to",
        "with",
        "timeout",
        "retry",
        "reply",
        "reject",
        "readOnly",
        "undo",
        "probe",
        "await",
        "sleep",
        "parallel"
    };

    private final Document document;
    private final Keys keys;
    private final YamlCode code = new YamlCode();
    private final Map<String, String> expressions = new TreeMap<>();
    private final Map<String, Keys> places = new HashMap<>();
    private Duration timeout = Send.TIMEOUT;
    private Retry retry = Retry.FORWARD;

    SagaReader(Document document) {
        this.document = document;
        keys = Keys.of(
                document,
                document.root(),
                "",
                "saga",
                "version",
                "start",
                "cancel",
                "within",
                "restart",
                "stuckAfter",
                "holdEarly",
                "maxRunning",
                "defaults",
                "steps",
                "completed",
                "compensated",
                "scenarios");
    }

    SagaDefinition definition() {
        String name = keys.text("saga", "the saga's name");
        String version = keys.text("version", "a whole number that is raised with every change");
        if (!version.matches("[1-9][0-9]{0,8}")) {
            throw keys.invalid("version", "found '" + version + "', expected a whole number from 1 on");
        }
        if (keys.has("defaults")) {
            var defaults = Keys.of(document, keys.present("defaults", ""), "defaults", "timeout", "retry");
            timeout = or(defaults.duration("timeout"), timeout);
            retry = defaults.retry("retry", retry);
        }
        var start = start();
        var cancels = cancels();
        var stages = new ArrayList<List<Step>>();
        keys.present("steps", "a list of steps");
        for (var node : keys.list("steps")) {
            stages.add(stage(node, "steps[" + stages.size() + "]"));
        }
        code.completed = published("completed");
        code.compensated = published("compensated");
        var structure = new Structure(
                name,
                Integer.parseInt(version),
                start,
                cancels,
                keys.duration("within"),
                keys.truth("restart"),
                or(keys.duration("stuckAfter"), Structure.STUCK_AFTER),
                or(keys.duration("holdEarly"), Structure.HOLD_EARLY),
                keys.whole("maxRunning"),
                stages,
                code.completed != null,
                code.compensated != null,
                expressions);
        check(structure);
        return new SagaDefinition(structure, code);
    }

    private static Duration or(@Nullable Duration said, Duration fallback) {
        return said == null ? fallback : said;
    }

    private void check(Structure structure) {
        var problem = Rules.problem(structure);
        if (problem != null) {
            var at = problem.step() == null ? keys : places.getOrDefault(problem.step(), keys);
            throw at.invalid(problem.key(), problem.text());
        }
    }

    private Trigger start() {
        var start = Keys.of(document, keys.present("start", "{ event, key, data }"), "start", "event", "key", "data");
        var trigger = trigger("start", start);
        var data = start.get("data");
        if (data != null) {
            code.begin = template(data, "start.data", YamlCode.OF_EVENT);
        }
        return trigger;
    }

    private Trigger trigger(String id, Keys at) {
        String event = at.text("event", "the type of an event");
        code.keys.put(
                id,
                template(
                        at.present("key", "the key of the instance: =data.orderId"),
                        at.path("key"),
                        YamlCode.OF_EVENT));
        return new Trigger(id, event);
    }

    private List<Trigger> cancels() {
        var node = keys.get("cancel");
        if (node == null) {
            return List.of();
        }
        var all = node instanceof SequenceNode list ? list.getValue() : List.of(node);
        var cancels = new ArrayList<Trigger>();
        for (var each : all) {
            String path = node instanceof SequenceNode ? "cancel[" + cancels.size() + "]" : "cancel";
            String id = cancels.isEmpty() ? "cancel" : "cancel-" + (cancels.size() + 1);
            cancels.add(trigger(id, Keys.of(document, each, path, "event", "key")));
        }
        return cancels;
    }

    private List<Step> stage(Node node, String path) {
        var step = Keys.of(document, node, path, STEP_KEYS);
        if (!step.has("parallel")) {
            return List.of(step(step));
        }
        if (step.values().size() > 1) {
            throw step.invalid("parallel", "found other keys beside it, expected none");
        }
        var steps = new ArrayList<Step>();
        for (var each : step.list("parallel")) {
            steps.add(step(Keys.of(document, each, step.path("parallel") + "[" + steps.size() + "]", STEP_KEYS)));
        }
        if (steps.size() < 2) {
            throw step.invalid("parallel", "found " + steps.size() + " steps, expected at least 2");
        }
        return steps;
    }

    private Step step(Keys at) {
        String name = at.text("name", "the step's name");
        places.put(name, at);
        if (at.has("await")) {
            return await(name, only(at, "await"));
        }
        if (at.has("sleep")) {
            return new Step(
                    name,
                    Step.Kind.SLEEP,
                    false,
                    false,
                    null,
                    null,
                    null,
                    null,
                    only(at, "sleep").duration("sleep"));
        }
        if (at.has("if")) {
            code.conditions.put(name, condition(at));
        }
        var send = send(name, at, code.commands, YamlCode.OF_STATE, timeout, retry, replies(name, at));
        return new Step(
                name,
                kind(at),
                at.has("if"),
                at.truth("readOnly"),
                send,
                other(name, at, "undo", code.undos, YamlCode.OF_REPLY, Retry.UNDO, List.of()),
                other(name, at, "probe", code.probes, YamlCode.OF_STATE, Retry.FORWARD, send.replies()),
                null,
                null);
    }

    private static Keys only(Keys at, String key) {
        if (at.values().size() > 2) {
            throw at.invalid(key, "found other keys beside it, expected name alone");
        }
        return at;
    }

    private Step await(String name, Keys at) {
        var keysOfAwait =
                Keys.of(document, at.present("await", ""), at.path("await"), "event", "key", "timeout", "data");
        var trigger = trigger(name, keysOfAwait);
        var data = keysOfAwait.get("data");
        if (data != null) {
            code.awaited.put(name, fields(data, keysOfAwait.path("data"), YamlCode.OF_AWAITED));
        }
        var await = new Step.Await(trigger, keysOfAwait.duration("timeout"));
        return new Step(name, Step.Kind.AWAIT, false, false, null, null, null, await, null);
    }

    private static Step.Kind kind(Keys at) {
        if (!at.has("kind")) {
            return Step.Kind.COMPENSATABLE;
        }
        String kind = at.text("kind", "");
        return switch (kind) {
            case "compensatable" -> Step.Kind.COMPENSATABLE;
            case "pivot" -> Step.Kind.PIVOT;
            case "retriable" -> Step.Kind.RETRIABLE;
            default -> throw at.invalid("kind", "found '" + kind + "', expected compensatable, pivot or retriable");
        };
    }

    private TreeFormula condition(Keys at) {
        var node = at.present("if", "");
        if (!Template.isExpression(node)) {
            throw at.invalid("if", "found " + Document.shown(node) + ", expected an expression: =state.cents > 0");
        }
        expressions.put(at.path("if"), Template.written(node));
        Expression expression = document.checked(node, at.path("if"), () -> Template.expression(node));
        return document.checked(node, at.path("if"), () -> TreeFormula.compileCondition(expression, YamlCode.OF_STATE));
    }

    private List<String> replies(String name, Keys at) {
        var node = at.get("reply");
        if (node == null) {
            return List.of();
        }
        var types = new ArrayList<String>();
        document.fields(node, at.path("reply"), null).forEach((type, value) -> {
            types.add(type);
            code.replies.put(name + " " + type, fields(value, at.path("reply") + "." + type, YamlCode.OF_REPLY));
        });
        return types;
    }

    private @Nullable Send other(
            String name,
            Keys at,
            String key,
            Map<String, YamlCode.Command> into,
            Set<String> variables,
            Retry base,
            List<String> replies) {
        var node = at.get(key);
        return node == null
                ? null
                : send(
                        name,
                        Keys.of(document, node, at.path(key), "send", "to", "with", "timeout", "retry"),
                        into,
                        variables,
                        Send.TIMEOUT,
                        base,
                        replies);
    }

    private Send send(
            String name,
            Keys at,
            Map<String, YamlCode.Command> into,
            Set<String> variables,
            Duration baseTimeout,
            Retry baseRetry,
            List<String> replies) {
        String type = at.text("send", "the type of a command");
        var toNode = at.present("to", "a stream, bus:ADDRESS, http:UPSTREAM/PATH or kafka:TOPIC");
        var target = target(toNode, at.path("to"));
        var with = at.get("with");
        var data = with == null
                ? (Template) ignored -> Template.NODES.objectNode()
                : template(with, at.path("with"), variables);
        into.putIfAbsent(name, new YamlCode.Command(target, template(toNode, at.path("to"), variables), data));
        var rejects = new ArrayList<String>();
        for (var each : at.list("reject")) {
            rejects.add(document.text(each, at.path("reject") + "[" + rejects.size() + "]"));
        }
        return new Send(
                type, target, replies, rejects, or(at.duration("timeout"), baseTimeout), at.retry("retry", baseRetry));
    }

    /** An expression tells by the text that it begins with. */
    private Send.Target target(Node node, String path) {
        String text = document.text(node, path);
        return YamlCode.targetOf(
                Template.isExpression(node) ? text.substring(1).strip().replaceFirst("^[\"']", "") : text);
    }

    private YamlCode.@Nullable Published published(String key) {
        var node = keys.get(key);
        if (node == null) {
            return null;
        }
        var at = Keys.of(document, node, key, "publish", "stream", "with");
        var stream = at.get("stream");
        var with = at.get("with");
        return new YamlCode.Published(
                stream == null ? null : template(stream, at.path("stream"), YamlCode.OF_STATE),
                at.text("publish", "the type of an event"),
                with == null
                        ? ignored -> Template.NODES.objectNode()
                        : template(with, at.path("with"), YamlCode.OF_STATE));
    }

    private Template fields(Node node, String path, Set<String> variables) {
        document.fields(node, path, null);
        return template(node, path, variables);
    }

    private Template template(Node node, String path, Set<String> variables) {
        expressions.put(path, Template.written(node));
        return Template.read(document, node, path, variables);
    }
}
