package dev.sluice.server.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.Verdict;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepState;
import dev.sluice.saga.machine.StepStatus;
import dev.sluice.server.gateway.wire.Percent;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sagas and their instances as the API shows them. */
final class SagaJson {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private SagaJson() {}

    /** @param versions of one saga, at least one, the newest first */
    static JsonObject saga(List<SagaVersion> versions, Map<Status, Long> counts) {
        var newest = SagaVersion.newest(versions);
        var counted = new JsonObject();
        counts.forEach((status, count) -> counted.put(status.name(), count));
        var all = new JsonArray();
        for (var each : versions) {
            all.add(new JsonObject()
                    .put("version", each.structure().version())
                    .put("hash", each.structure().hash())
                    .put("code", each.hasCode()));
        }
        return new JsonObject()
                .put("name", newest.name())
                .put("version", newest.version())
                .put("hash", newest.hash())
                .put("versions", all)
                .put(
                        "live",
                        counts.entrySet().stream()
                                .filter(each -> !each.getKey().isEnded())
                                .mapToLong(Map.Entry::getValue)
                                .sum())
                .put("counts", counted);
    }

    /** @param stuckBeforeMicros who is live and was not touched since then is stuck */
    static ObjectNode summary(Instance instance, long stuckBeforeMicros) {
        var summary = JsonNodeFactory.instance
                .objectNode()
                .put("saga", instance.saga())
                .put("key", instance.key())
                .put("run", instance.run())
                .put("version", instance.version())
                .put("status", instance.status().name())
                .put("retrying", instance.isRetrying())
                .put("stuck", !instance.status().isEnded() && instance.progressMicros() < stuckBeforeMicros);
        var at = summary.putArray("at");
        instance.steps().entrySet().stream()
                .filter(each -> isAt(instance, each))
                .forEach(each -> at.add(each.getKey()));
        var parked = instance.parked();
        if (parked != null) {
            summary.putObject("parked")
                    .put("reason", parked.reason().name())
                    .put("step", parked.step())
                    .put("direction", parked.direction().name())
                    .put("error", parked.error())
                    .put("since", time(parked.sinceMicros()));
        }
        return summary.put("started", time(instance.startedMicros()))
                .put("progress", time(instance.progressMicros()))
                .put("events", instance.events());
    }

    private static boolean isAt(Instance instance, Map.Entry<String, StepState> step) {
        var parked = instance.parked();
        return parked != null && step.getKey().equals(parked.step())
                || !instance.status().isEnded()
                        && (step.getValue().sending() != null || step.getValue().status() == StepStatus.RUNNING);
    }

    /** @param version that it is pinned to */
    static ObjectNode instance(Instance instance, Structure version, long stuckBeforeMicros) {
        var whole = summary(instance, stuckBeforeMicros)
                .put("hash", instance.hash())
                .put("correlation", instance.correlation())
                .put("compensationReason", instance.compensationReason());
        whole.set("state", instance.state());
        var steps = whole.putArray("steps");
        steps(instance, version).forEach((name, kind) -> steps.add(step(instance, name, kind)));
        var timers = whole.putArray("timers");
        instance.armed().stream()
                .sorted(Comparator.comparingLong(Instance.Timer::dueMillis))
                .forEach(each -> timers.addObject()
                        .put("id", each.id())
                        .put("due", Instant.ofEpochMilli(each.dueMillis()).toString()));
        var held = whole.putArray("held");
        instance.held().forEach(each -> held.addObject()
                .put("trigger", each.trigger())
                .put("position", each.event().position())
                .put("type", each.event().type())
                .put("id", each.event().id()));
        String stream = SagaRoom.stream(instance.saga(), instance.key(), instance.run());
        String self = "/v1/sagas/" + instance.saga() + "/instances/" + Percent.encode(instance.key());
        whole.put("stream", stream)
                .putObject("links")
                .put("events", "/v1/streams/" + Percent.encode(stream))
                .put("history", self + "/history?run=" + instance.run());
        return whole;
    }

    /** The kinds of all steps by their names: those of the version in its order, then what else the instance has. */
    private static Map<String, String> steps(Instance instance, Structure version) {
        var names = new LinkedHashMap<String, String>();
        for (Step step : version.steps()) {
            names.put(step.name(), step.kind().name());
        }
        instance.steps().keySet().forEach(name -> names.putIfAbsent(name, "OTHER"));
        return names;
    }

    private static ObjectNode step(Instance instance, String name, String kind) {
        var state = instance.step(name);
        var step = JsonNodeFactory.instance
                .objectNode()
                .put("name", name)
                .put("kind", kind)
                .put("status", state.status().name());
        if (state.order() > 0) {
            step.put("attempts", state.attempt());
        }
        if (state.error() != null) {
            step.put("error", state.error());
        }
        var sending = state.sending();
        if (sending != null) {
            step.putObject("sending")
                    .put("direction", sending.direction().name())
                    .put("commandId", sending.commandId())
                    .put("to", sending.to())
                    .put("type", sending.type());
        }
        if (state.replyType() != null) {
            step.put("replyType", state.replyType()).set("reply", state.reply());
        }
        return step;
    }

    static ObjectNode happened(SagaRoom.Happened happened) {
        ObjectNode event = JsonNodeFactory.instance
                .objectNode()
                .put("version", happened.version())
                .put("time", time(happened.recordedMicros()))
                .put("type", happened.event().getClass().getSimpleName());
        event.set("data", JSON.<JsonNode>valueToTree(happened.event()));
        return event;
    }

    /** What a saga did with an event, among its other consumers. */
    static JsonObject consumer(Verdict verdict) {
        var consumer = new JsonObject()
                .put("consumer", "saga:" + verdict.saga())
                .put("outcome", verdict.kind().word());
        if (verdict.key() != null) {
            consumer.put("keys", new JsonArray().add(verdict.key()));
        }
        if (verdict.run() > 0) {
            consumer.put("run", verdict.run());
        }
        if (verdict.version() > 0) {
            consumer.put("version", verdict.version());
        }
        String detail = verdict.kind() == Verdict.Kind.EARLY ? "its instance has not begun" : verdict.detail();
        return detail == null ? consumer : consumer.put("detail", detail);
    }

    static Answer answer(int status, JsonNode json) {
        return Answer.of(status, MediaTypes.JSON, Buffer.buffer(json.toString()));
    }

    /** All versions of a saga, the newest first. NOT_FOUND. */
    static List<SagaVersion> versions(SagaRoom sagas, String saga) {
        var all = sagas.versions();
        var versions = all.get(saga);
        if (versions == null) {
            throw Failure.of(
                    Failure.Kind.NOT_FOUND,
                    "found no saga '" + Query.shown(saga) + "', expected one of " + all.keySet());
        }
        return versions;
    }

    static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }
}
