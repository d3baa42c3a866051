package dev.sluice.saga.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.expression.TreeFormula;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Publication;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaCode;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Trigger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions of a saga in YAML: its expressions. Filled while it is read, then unchanged. */
final class YamlCode implements SagaCode {
    static final Set<String> OF_EVENT = Set.of("id", "type", "stream", "time", "data");
    static final Set<String> OF_STATE = Set.of("state");
    static final Set<String> OF_REPLY = Set.of("state", "reply");
    static final Set<String> OF_AWAITED = Set.of("state", "id", "type", "stream", "time", "data");

    final Map<String, Template> keys = new HashMap<>();
    final Map<String, TreeFormula> conditions = new HashMap<>();
    final Map<String, Command> commands = new HashMap<>();
    final Map<String, Command> undos = new HashMap<>();
    final Map<String, Command> probes = new HashMap<>();
    /** By step and, behind a space, the type of the reply. */
    final Map<String, Template> replies = new HashMap<>();

    final Map<String, Template> awaited = new HashMap<>();

    @Nullable
    Template begin;

    @Nullable
    Published completed;

    @Nullable
    Published compensated;

    /** What a step sends. */
    record Command(Send.Target target, Template to, Template with) {
        Outgoing outgoing(Map<String, JsonNode> variables) {
            String address = text(to.value(variables), "to");
            if (target != targetOf(address)) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found '" + address + "', expected a " + target.name().toLowerCase(Locale.ROOT)
                                + ", as the expression begins");
            }
            return new Outgoing(address, with.value(variables));
        }
    }

    record Published(@Nullable Template stream, String type, Template with) {}

    static Send.Target targetOf(String address) {
        for (var target : Send.Target.values()) {
            if (target != Send.Target.STREAM && address.startsWith(target.name().toLowerCase(Locale.ROOT) + ":")) {
                return target;
            }
        }
        return Send.Target.STREAM;
    }

    @Override
    public @Nullable String key(Trigger trigger, ReceivedEvent event) {
        var key = of(keys, trigger.id()).value(variables(event));
        return key.isNull() ? null : text(key, "key");
    }

    @Override
    public JsonNode begin(ReceivedEvent event) {
        return begin == null ? event.data() : begin.value(variables(event));
    }

    @Override
    public boolean applies(Step step, JsonNode state) {
        return of(conditions, step.name()).holds(Map.of("state", state));
    }

    @Override
    public Outgoing command(Step step, JsonNode state) {
        return of(commands, step.name()).outgoing(Map.of("state", state));
    }

    @Override
    public Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply) {
        var known = reply == null ? JsonNodeFactory.instance.nullNode() : reply;
        return of(undos, step.name()).outgoing(Map.of("state", state, "reply", known));
    }

    @Override
    public Outgoing probe(Step step, JsonNode state) {
        return of(probes, step.name()).outgoing(Map.of("state", state));
    }

    @Override
    public JsonNode replied(Step step, JsonNode state, String type, JsonNode reply) {
        return merged(state, replies.get(step.name() + " " + type), Map.of("state", state, "reply", reply));
    }

    @Override
    public JsonNode received(Step step, JsonNode state, ReceivedEvent event) {
        var variables = variables(event);
        variables.put("state", state);
        return merged(state, awaited.get(step.name()), variables);
    }

    /** The state with some fields set. */
    private static JsonNode merged(JsonNode state, @Nullable Template fields, Map<String, JsonNode> variables) {
        if (fields == null) {
            return state;
        }
        if (!(state instanceof ObjectNode object)) {
            throw Failure.of(
                    Failure.Kind.EVALUATION_FAILED, "found a state that is no object, expected one to set fields of");
        }
        var after = object.deepCopy();
        after.setAll((ObjectNode) fields.value(variables));
        return after;
    }

    @Override
    public Publication publication(boolean isCompensated, JsonNode state) {
        var published = Objects.requireNonNull(isCompensated ? compensated : completed, "only what publishes is asked");
        var variables = Map.of("state", state);
        var stream = published.stream();
        return new Publication(
                stream == null ? null : text(stream.value(variables), "stream"),
                published.type(),
                published.with().value(variables));
    }

    private static Map<String, JsonNode> variables(ReceivedEvent event) {
        var nodes = JsonNodeFactory.instance;
        var variables = new HashMap<String, JsonNode>();
        variables.put("id", nodes.textNode(event.id()));
        variables.put("type", nodes.textNode(event.type()));
        variables.put("stream", nodes.textNode(event.stream()));
        variables.put(
                "time",
                nodes.textNode(Instant.EPOCH
                        .plus(event.timeMicros(), ChronoUnit.MICROS)
                        .toString()));
        variables.put("data", event.data());
        return variables;
    }

    private static String text(JsonNode value, String what) {
        if (value.isValueNode() && !value.isNull() && !value.asText().isEmpty()) {
            return value.asText();
        }
        throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found " + value + " as " + what + ", expected a text");
    }

    private static <T> T of(Map<String, T> functions, String name) {
        return Objects.requireNonNull(functions.get(name), name);
    }
}
