package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.saga.definition.SagaDefinition;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * Plays many instances of a saga against participants, operators and a clock that do whatever they please, and holds every reaction against the
 * invariants of sagas: rejections, lost and late and repeated answers, deferrals, undos that fail, events early, late and twice, cancels,
 * deadlines, operators' verbs, and code that throws. Then the faults stop, and the instance has to come to an end. The message of a failure
 * begins with the invariant, and names the seed with which it comes again.
 */
public final class SagaFuzz {
    private final SagaDefinition definition;
    private final Map<String, JsonNode> events = new HashMap<>();
    private final Map<String, JsonNode> replies = new HashMap<>();

    private SagaFuzz(SagaDefinition definition) {
        this.definition = definition;
    }

    public static SagaFuzz of(SagaDefinition definition) {
        return new SagaFuzz(definition);
    }

    /** Of a saga whose code takes empty events and replies. */
    public static void run(SagaDefinition definition, long seed, int instances) {
        of(definition).run(seed, instances);
    }

    /** The event of this record's type that instances get. */
    public SagaFuzz event(Object event) {
        return event(event.getClass().getSimpleName(), Kit.tree(event));
    }

    public SagaFuzz event(String type, JsonNode data) {
        events.put(type, data);
        return this;
    }

    /** What the participant of a step answers when it succeeds; the type is the first that the step knows. */
    public SagaFuzz reply(String step, Object reply) {
        replies.put(step, Kit.tree(reply));
        return this;
    }

    public void run(long seed, int instances) {
        for (int i = 0; i < instances; i++) {
            long own = new Random(seed + i).nextLong();
            var life = new FuzzedLife(this, definition, new Random(own));
            try {
                life.live();
            } catch (RuntimeException | AssertionError broken) {
                throw new AssertionError(
                        broken.getMessage() + "\n  saga " + definition.name() + ", seed " + (seed + i)
                                + ": SagaFuzz…run(" + (seed + i) + "L, 1)\n" + life.story(),
                        broken);
            }
        }
    }

    JsonNode dataOf(String event) {
        return events.getOrDefault(event, JsonNodeFactory.instance.objectNode());
    }

    JsonNode replyOf(String step) {
        return replies.getOrDefault(step, JsonNodeFactory.instance.objectNode());
    }
}
