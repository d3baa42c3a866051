package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Definition;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The projections in Java that this process has the code of, each version of each name. Safe for any thread. */
final class JavaProjections {
    private final Map<Id, Projection<?>> all = new ConcurrentHashMap<>();

    private record Id(String name, int version) {}

    void add(Projection<?> projection) {
        var before = all.putIfAbsent(new Id(projection.name(), projection.version()), projection);
        if (before != null && before != projection) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "found version " + projection.version() + " of projection " + projection.name()
                            + " registered a second time, expected it once");
        }
    }

    /** Why a definition cannot be folded: this process lacks its code. Null when it can. */
    @Nullable
    String missing(Definition definition) {
        return !definition.isJava() || all.containsKey(id(definition))
                ? null
                : "found no code of version " + definition.javaVersion() + " of projection " + definition.name()
                        + ", expected it to be registered: is its jar on the class path?";
    }

    /** The code of a definition that is not {@link #missing}. */
    Projection<?> required(Definition definition) {
        var code = all.get(id(definition));
        if (code == null) {
            throw Failure.of(Failure.Kind.UNAVAILABLE, String.valueOf(missing(definition)));
        }
        return code;
    }

    private static Id id(Definition definition) {
        return new Id(definition.name(), definition.javaVersion());
    }

    /** DEFINITION_INVALID for a definition that is of Java but not of this process's, or the other way round. */
    void check(Definition definition) {
        String missing = missing(definition);
        if (missing != null) {
            throw Failure.of(Failure.Kind.DEFINITION_INVALID, missing);
        }
        if (definition.isJava() && !required(definition).written().definition().equals(definition)) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "found another definition of version " + definition.javaVersion() + " of projection "
                            + definition.name() + " than its code has, expected that one");
        }
        if (!definition.isJava()
                && all.keySet().stream().anyMatch(id -> id.name().equals(definition.name()))) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "found a definition of " + definition.name()
                            + ", which is registered in Java, expected another name");
        }
    }
}
