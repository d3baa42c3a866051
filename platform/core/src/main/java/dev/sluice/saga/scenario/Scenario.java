package dev.sluice.saga.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Trigger;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Plays one instance against what is expected of it, under a virtual clock; {@link Unexpected} says what differs. Strict: whatever is sent
 * has to be expected before time passes and before the scenario is {@link #done}.
 */
public final class Scenario {
    /** 2026-01-01. */
    private static final long START_MICROS = 1_767_225_600_000_000L;

    /** More than any scenario has; a saga that never comes to rest is found out. */
    private static final int MAX_FIRED = 10_000;

    private final SagaDefinition definition;
    private final Trial trial;
    private final Set<Sent> expected = new HashSet<>();
    private final Map<Sent, Long> sinceMicros = new HashMap<>();
    private final Map<String, Integer> epochs = new HashMap<>();
    private final Set<String> silent = new HashSet<>();
    private @Nullable Sent current;
    private long nowMicros = START_MICROS;
    private int received;
    private int acted;
    private boolean isFull;

    /** One attempt; {@code schedule} tells those apart that an operator had sent again. */
    private record Sent(String step, Direction direction, int epoch, int attempt, long schedule) {
        /** Its attempts together. */
        String way() {
            return step + " " + direction + " " + schedule;
        }
    }

    public Scenario(SagaDefinition definition) {
        this.definition = definition;
        trial = new Trial(definition);
    }

    private Sent sent(Instance.Due due) {
        var sending = due.sending();
        long schedule = trial.recorded().stream()
                .filter(each -> each.event() instanceof SagaEvent.StepScheduled it
                        && it.step().equals(due.step())
                        && it.direction() == sending.direction())
                .count();
        return new Sent(due.step(), sending.direction(), sending.epoch(), due.attempt(), schedule);
    }

    /** What was recorded so far. */
    public Trial trial() {
        return trial;
    }

    /** An event comes: it starts the instance, or is for it. */
    public void given(String type, JsonNode data) {
        given("given", type, data);
    }

    /** As {@link #given(String, JsonNode)}, of a stream. */
    public void given(String stream, String type, JsonNode data) {
        received++;
        var event =
                new ReceivedEvent("0:" + received, "given-" + received, type, stream, nowMicros, data.deepCopy(), null);
        int concerned = 0;
        for (var trigger : triggers(type)) {
            String key = definition.code().key(trigger, event);
            boolean isStart = trigger.equals(definition.structure().start());
            if (key == null) {
                continue;
            }
            if (isStart && !isLive()) {
                int run = trial.hasBegun() ? trial.instance().run() + 1 : 1;
                trial.begin(key, run, event, isFull ? (long) run : null, nowMicros);
                concerned++;
            } else if (trial.hasBegun() && trial.instance().key().equals(key)) {
                trial.react(new Input.EventReceived(trigger.id(), event), nowMicros);
                concerned++;
            }
        }
        if (concerned == 0) {
            throw Unexpected.found("event " + type + " " + data, "one that the instance of this scenario is for");
        }
        settle();
    }

    /** As many other instances go as may: one that starts has to wait. */
    public void full() {
        isFull = true;
    }

    /** Others have ended: the instance may go, and one that starts has not to wait. */
    public void admit() {
        isFull = false;
        react(new Input.Admit());
    }

    private boolean isLive() {
        return trial.hasBegun()
                && !(trial.instance().status().isEnded()
                        && definition.structure().restart());
    }

    private List<Trigger> triggers(String type) {
        var structure = definition.structure();
        var triggers = new ArrayList<Trigger>();
        triggers.add(structure.start());
        triggers.addAll(structure.cancels());
        for (var step : structure.steps()) {
            var await = step.await();
            if (await != null) {
                triggers.add(await.trigger());
            }
        }
        triggers.removeIf(trigger -> !trigger.event().equals(type));
        return triggers;
    }

    /** @param name of the step or of the command; {@code command} null: whatever it carries */
    public void sends(String name, @Nullable JsonNode command) {
        expect(Direction.FORWARD, name, command);
    }

    /** @param name of the step, of its command or of the undo */
    public void undoes(String name, @Nullable JsonNode command) {
        expect(Direction.UNDO, name, command);
    }

    public void probes(String name, @Nullable JsonNode command) {
        expect(Direction.PROBE, name, command);
    }

    /** The event at its end; it is appended at once. */
    public void publishes(String type, @Nullable JsonNode data) {
        expect(Direction.PUBLISH, type, data);
        answer(new Outcome.Succeeded("", JsonNodeFactory.instance.objectNode()));
    }

    /** Where the command that was expected last is sent to. */
    public void to(String to) {
        var sending = Objects.requireNonNull(
                trial.instance().step(current("to").step()).sending(), "what was expected is under way");
        if (!sending.to().equals(to)) {
            throw Unexpected.found(sending.to(), to);
        }
    }

    private void expect(Direction direction, String name, @Nullable JsonNode data) {
        String wanted = verb(direction) + " " + name + (data == null ? "" : " " + data);
        for (var due : open()) {
            if (due.sending().direction() == direction && isNamed(due, name)) {
                var found = Trial.tree(due.sending().data());
                if (data != null && !found.equals(Trial.tree(data))) {
                    throw Unexpected.found(shown(due), wanted);
                }
                var sent = sent(due);
                expected.add(sent);
                current = sent;
                return;
            }
        }
        throw Unexpected.found(situation(), wanted);
    }

    private boolean isNamed(Instance.Due due, String name) {
        var step = definition.structure().step(due.step());
        var send = step == null ? null : step.send();
        return due.step().equals(name)
                || due.sending().type().equals(name)
                || send != null
                        && due.sending().direction() != Direction.PUBLISH
                        && send.type().equals(name);
    }

    /** Takes up one again that was expected before: what follows is its answer. */
    public void on(String name) {
        for (var due : trial.instance().outbox()) {
            if (expected.contains(sent(due)) && isNamed(due, name)) {
                current = sent(due);
                return;
            }
        }
        throw Unexpected.found(situation(), name + " to be under way");
    }

    public void reply(String type, JsonNode data) {
        answer(new Outcome.Succeeded(type, data.deepCopy()));
    }

    public void reject(String code, String message) {
        answer(new Outcome.Rejected(code, message));
    }

    /** This attempt tells nothing: a time-out, a broken connection. */
    public void fails(String error) {
        answer(new Outcome.Unknown(error));
    }

    /** The mesh does not let this attempt through; it is to be expected again. */
    public void deferred(Duration retryAfter) {
        var sent = current("deferred");
        expected.remove(sent);
        sinceMicros.remove(sent);
        answer(new Outcome.Deferred("deferred", retryAfter.toMillis()));
    }

    /** Nor this attempt nor one after it is answered: each ends with its time. */
    public void noReply() {
        silent.add(current("noReply").way());
        settle();
    }

    /** A success that comes when nobody waits for it any more, or not for this attempt. */
    public void late(String step, String type, JsonNode data) {
        react(new Input.Replied(
                step, Direction.FORWARD, epochs.getOrDefault(step, 0), 0, new Outcome.Succeeded(type, data)));
    }

    private void answer(Outcome outcome) {
        var sent = current("an answer");
        current = null;
        react(new Input.Replied(sent.step(), sent.direction(), sent.epoch(), sent.attempt(), outcome));
    }

    private Sent current(String what) {
        if (current == null) {
            throw Unexpected.found(what + " without a command", "that a command is expected before");
        }
        return current;
    }

    /** What an operator does; participants that were silent may answer again. */
    public void operator(Input.Verb verb, @Nullable String step, @Nullable JsonNode reply) {
        acted++;
        silent.clear();
        react(new Input.OperatorAction("action-" + acted, verb, "scenario", "scenario", step, reply));
    }

    /** Time passes, at most so much: what is due fires in the order of its time, until something is sent that has not been expected. */
    public void advance(Duration duration) {
        demandNothingOpen();
        demandAnswers();
        long untilMicros = nowMicros + duration.toNanos() / 1_000;
        for (int fired = 0; fired < MAX_FIRED; fired++) {
            if (!open().isEmpty()) {
                return;
            }
            if (!fireNext(untilMicros)) {
                nowMicros = untilMicros;
                return;
            }
        }
        throw Unexpected.found("more than " + MAX_FIRED + " timers in " + duration, "fewer");
    }

    private boolean fireNext(long untilMicros) {
        Input next = null;
        long atMicros = Long.MAX_VALUE;
        for (var due : trial.instance().outbox()) {
            var sent = sent(due);
            long endMicros =
                    sinceMicros.getOrDefault(sent, nowMicros) + due.sending().timeoutMillis() * 1_000;
            if (endMicros < atMicros) {
                atMicros = endMicros;
                next = new Input.Replied(
                        sent.step(), sent.direction(), sent.epoch(), sent.attempt(), new Outcome.Unknown("no answer"));
            }
        }
        for (var timer : trial.instance().armed()) {
            if (timer.dueMillis() * 1_000 < atMicros) {
                atMicros = timer.dueMillis() * 1_000;
                next = new Input.TimerFired(timer.id(), timer.dueMillis());
            }
        }
        if (next == null || atMicros > untilMicros) {
            return false;
        }
        nowMicros = Math.max(nowMicros, atMicros);
        react(next);
        return true;
    }

    private void react(Input input) {
        trial.react(input, nowMicros);
        settle();
    }

    /** Attempts that nobody answers are expected as long as they are made. */
    private void settle() {
        for (var due : trial.instance().outbox()) {
            var sent = sent(due);
            sinceMicros.putIfAbsent(sent, nowMicros);
            if (sent.direction() == Direction.FORWARD) {
                epochs.put(sent.step(), sent.epoch());
            }
            if (silent.contains(sent.way())) {
                expected.add(sent);
            }
        }
    }

    public void status(Status status) {
        demandNothingOpen();
        if (trial.instance().status() != status) {
            throw Unexpected.found(situation(), status.name());
        }
    }

    /** The scenario is over: nothing else happened. */
    public void done() {
        if (trial.hasBegun()) {
            demandNothingOpen();
        }
    }

    private List<Instance.Due> open() {
        return trial.instance().outbox().stream()
                .filter(due -> !expected.contains(sent(due)))
                .toList();
    }

    private void demandNothingOpen() {
        if (!open().isEmpty()) {
            throw Unexpected.found(situation(), "nothing else");
        }
    }

    private void demandAnswers() {
        for (var due : trial.instance().outbox()) {
            if (!silent.contains(sent(due).way())) {
                throw Unexpected.found(
                        shown(due) + " without an answer while time passes", "reply, reject, fails or noReply before");
            }
        }
    }

    private String situation() {
        var instance = trial.instance();
        var parked = instance.parked();
        String open = open().stream().map(this::shown).collect(Collectors.joining(", "));
        return instance.status()
                + (parked == null ? "" : " (" + parked.reason() + ": " + parked.error() + ")")
                + (open.isEmpty() ? "" : " and it " + open);
    }

    private String shown(Instance.Due due) {
        StepState.Sending sending = due.sending();
        return verb(sending.direction()) + " " + sending.type() + " " + sending.data() + " to " + sending.to()
                + (sending.direction() == Direction.PUBLISH ? "" : " (step " + due.step() + ")");
    }

    private static String verb(Direction direction) {
        return switch (direction) {
            case FORWARD -> "sends";
            case UNDO -> "undoes with";
            case PROBE -> "probes with";
            case PUBLISH -> "publishes";
        };
    }
}
