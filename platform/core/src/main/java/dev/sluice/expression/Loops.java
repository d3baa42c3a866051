package dev.sluice.expression;

import dev.sluice.expression.Compiler.Code;
import dev.sluice.expression.Compiler.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The macros: one pass over the elements of a list, or the names of an object's fields, in order. Of null each is null. */
final class Loops {
    private Loops() {}

    /**
     * @param depth where the element stands for the body
     * @param place of the macro
     * @param bodyPlace of its body
     */
    static Code compile(Ast.Loop loop, Evaluator target, int depth, Evaluator body, Place place, Place bodyPlace) {
        return switch (loop) {
            case EXISTS -> new Code(Type.BOOLEAN, any(target, depth, body, place, bodyPlace, true));
            case ALL -> new Code(Type.BOOLEAN, any(target, depth, body, place, bodyPlace, false));
            case FILTER -> new Code(Type.LIST, filter(target, depth, body, place, bodyPlace));
            case MAP -> new Code(Type.LIST, map(target, depth, body, place));
        };
    }

    /** Whether the body has the wanted truth for some element; for none, the opposite is the answer. */
    private static Evaluator any(
            Evaluator target, int depth, Evaluator body, Place place, Place bodyPlace, boolean wanted) {
        return facts -> {
            var elements = elements(target.evaluate(facts), place);
            if (elements == null) {
                return null;
            }
            for (Object element : elements) {
                facts.step(place);
                facts.local(depth, element);
                if (Values.truth(body.evaluate(facts), bodyPlace) == wanted) {
                    return wanted;
                }
            }
            return !wanted;
        };
    }

    private static Evaluator filter(Evaluator target, int depth, Evaluator body, Place place, Place bodyPlace) {
        return facts -> {
            var elements = elements(target.evaluate(facts), place);
            if (elements == null) {
                return null;
            }
            var kept = new ArrayList<@Nullable Object>();
            for (Object element : elements) {
                facts.step(place);
                facts.local(depth, element);
                if (Values.truth(body.evaluate(facts), bodyPlace)) {
                    kept.add(element);
                }
            }
            return kept;
        };
    }

    private static Evaluator map(Evaluator target, int depth, Evaluator body, Place place) {
        return facts -> {
            var elements = elements(target.evaluate(facts), place);
            if (elements == null) {
                return null;
            }
            var made = new ArrayList<@Nullable Object>();
            for (Object element : elements) {
                facts.step(place);
                facts.local(depth, element);
                made.add(body.evaluate(facts));
            }
            return made;
        };
    }

    private static @Nullable Collection<?> elements(@Nullable Object value, Place place) {
        if (value == null) {
            return null;
        }
        if (value instanceof Map<?, ?> fields) {
            return fields.keySet();
        }
        if (value instanceof Collection<?> elements) {
            return elements;
        }
        throw place.failed("found " + Values.shown(value) + ", expected a list or an object");
    }
}
