package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import dev.sluice.saga.scenario.Scenario;
import dev.sluice.saga.scenario.Unexpected;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a saga, played against what is expected of it: the code that runs in production, a virtual clock, no server. Strict: whatever is sent
 * has to be expected before time passes or a status is looked at. Every reaction is made twice, stored, folded and read back, and
 * has to come to the same each time: a crash between any two inputs changes nothing. What is recorded is folded once more by code that throws, and
 * every reaction held against the invariants that an instance's events can show.
 *
 * <p>Records become JSON; their simple name is the type of an event or a reply.
 */
public final class SagaScenario {
    private final Scenario scenario;
    private final Replay replay;

    private SagaScenario(SagaDefinition definition) {
        var code = new FaultyCode(definition.code());
        scenario = new Scenario(new SagaDefinition(definition.structure(), code));
        replay = new Replay(definition, code);
    }

    public static SagaScenario of(SagaDefinition definition) {
        return new SagaScenario(definition);
    }

    /** An event comes: it starts the instance, cancels it, or a step waits for it. */
    public SagaScenario given(Object event) {
        return given(event.getClass().getSimpleName(), event);
    }

    public SagaScenario given(String type, Object data) {
        return told(() -> scenario.given(type, Kit.tree(data)));
    }

    /** As many other instances go as may: one that starts from now on is PENDING. */
    public SagaScenario full() {
        return told(scenario::full);
    }

    /** Others have ended: the instance goes, when it is PENDING. */
    public SagaScenario admit() {
        return told(scenario::admit);
    }

    /** A step sends exactly this; what follows is its answer. */
    public SagaScenario expectSend(String step, Object command) {
        return told(() -> scenario.sends(step, Kit.tree(command)));
    }

    /** A step sends whatever it sends. */
    public SagaScenario expectSend(String step) {
        return told(() -> scenario.sends(step, null));
    }

    public SagaScenario expectUndo(String step, Object command) {
        return told(() -> scenario.undoes(step, Kit.tree(command)));
    }

    public SagaScenario expectUndo(String step) {
        return told(() -> scenario.undoes(step, null));
    }

    public SagaScenario expectProbe(String step) {
        return told(() -> scenario.probes(step, null));
    }

    /** An event that the saga appends at its end. */
    public SagaScenario expectPublish(Object event) {
        return expectPublish(event.getClass().getSimpleName(), event);
    }

    public SagaScenario expectPublish(String type, Object data) {
        return told(() -> scenario.publishes(type, Kit.tree(data)));
    }

    /** Where what was expected last is sent to. */
    public SagaScenario to(String address) {
        return told(() -> scenario.to(address));
    }

    /** Takes up a command that was expected before another: what follows is its answer. */
    public SagaScenario on(String step) {
        return told(() -> scenario.on(step));
    }

    public SagaScenario reply(Object reply) {
        return reply(reply.getClass().getSimpleName(), reply);
    }

    public SagaScenario reply(String type, Object data) {
        return told(() -> scenario.reply(type, Kit.tree(data)));
    }

    /** A success that says nothing more, as an undo's. */
    public SagaScenario reply() {
        return reply("", Map.of());
    }

    public SagaScenario reject(String code) {
        return told(() -> scenario.reject(code, "rejected in a scenario"));
    }

    /** This attempt tells nothing; the next comes after its wait. */
    public SagaScenario fails(String error) {
        return told(() -> scenario.fails(error));
    }

    /** No attempt is ever answered: each ends with its time, while time is advanced. */
    public SagaScenario noReply() {
        return told(scenario::noReply);
    }

    /** The mesh does not let this attempt through. */
    public SagaScenario deferred(Duration retryAfter) {
        return told(() -> scenario.deferred(retryAfter));
    }

    /** A success that comes when nobody waits for it any more. */
    public SagaScenario lateReply(String step, Object reply) {
        return lateReply(step, reply.getClass().getSimpleName(), reply);
    }

    public SagaScenario lateReply(String step, String type, Object data) {
        return told(() -> scenario.late(step, type, Kit.tree(data)));
    }

    /** Time passes, at most so much: until something is sent that has not been expected. */
    public SagaScenario advance(Duration duration) {
        return told(() -> scenario.advance(duration));
    }

    /** What an operator does to the step that the instance is parked for. */
    public SagaScenario operator(Input.Verb verb) {
        return told(() -> scenario.operator(verb, null, null));
    }

    public SagaScenario operator(Input.Verb verb, String step) {
        return told(() -> scenario.operator(verb, step, null));
    }

    /** Takes the step that the instance is parked for as having been answered so. */
    public SagaScenario resolve(Object reply) {
        return told(() -> scenario.operator(Input.Verb.RESOLVE, null, Kit.tree(reply)));
    }

    public SagaScenario expectStatus(Status status) {
        return told(() -> scenario.status(status));
    }

    public SagaScenario expectParked(ParkReason reason) {
        expectStatus(Status.PARKED);
        Instance.@Nullable Parked parked = instance().parked();
        return demand("it parked", parked == null ? null : parked.reason(), reason);
    }

    public SagaScenario expectStep(String step, StepStatus status) {
        return demand("step " + step, instance().step(step).status(), status);
    }

    /** The state of the instance, exactly. */
    public SagaScenario expectState(Object state) {
        return demand("the state", plain(instance().state()), plain(Kit.tree(state)));
    }

    private static String plain(JsonNode tree) {
        return tree.toString();
    }

    private SagaScenario demand(String what, @Nullable Object found, Object expected) {
        if (!expected.equals(found)) {
            throw new AssertionError(what + ": found " + found + ", expected " + expected);
        }
        return this;
    }

    public Instance instance() {
        return scenario.trial().instance();
    }

    /** What happened so far. */
    public Scenario scenario() {
        return scenario;
    }

    private SagaScenario told(Runnable next) {
        try {
            next.run();
            if (scenario.trial().hasBegun()) {
                replay.follow(scenario.trial());
            }
        } catch (Unexpected unexpected) {
            throw new AssertionError(unexpected.getMessage(), unexpected);
        }
        return this;
    }
}
