package dev.sluice.projection;

import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Variable;
import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Definition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The compiled key of a clause: the text that names an event's row. */
final class RowKey {
    static final int MAX_BYTES = 1024;

    private final Evaluator[] parts;
    private final boolean isComposite;

    /** @param variables of the clause */
    RowKey(Definition.Key key, EventSlots slots, List<Variable> variables) {
        parts = key.parts().stream()
                .map(part -> slots.compileScalar(part, variables))
                .toArray(Evaluator[]::new);
        isComposite = key.isComposite();
    }

    /** EVALUATION_FAILED when there is none or it is too long. */
    String of(EventFacts facts) {
        return checked(
                parts.length == 0
                        ? facts.streamKey()
                        : isComposite ? composite(facts) : single(parts[0].evaluate(facts)));
    }

    /** The key; EVALUATION_FAILED when it is null or too long. */
    static String checked(@Nullable String key) {
        if (key == null) {
            throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found null, expected a key");
        }
        if (key.length() * 3 > MAX_BYTES && bytes(key) > MAX_BYTES) {
            throw Failure.of(
                    Failure.Kind.EVALUATION_FAILED,
                    "found a key of " + bytes(key) + " bytes, expected at most " + MAX_BYTES);
        }
        return key;
    }

    private static @Nullable String single(@Nullable Object value) {
        return value == null ? null : value.toString();
    }

    private String composite(EventFacts facts) {
        var key = new StringBuilder();
        for (int i = 0; i < parts.length; i++) {
            if (i > 0) {
                key.append('/');
            }
            var value = parts[i].evaluate(facts);
            if (value != null) {
                key.append(value.toString().replace("~", "~0").replace("/", "~1"));
            }
        }
        return key.toString();
    }

    private static int bytes(String key) {
        return key.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    }
}
