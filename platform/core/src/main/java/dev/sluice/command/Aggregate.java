package dev.sluice.command;

import dev.sluice.log.Failure;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An aggregate as it is registered: the streams of a category, the {@link Decider} that rules them, and what its commands and events
 * are in JSON (records, read and written by Jackson). Commands are refused when they hold anything unknown; in events what is unknown is
 * ignored, since they may be of another version of the code. Events of types that are not registered are passed over.
 */
public final class Aggregate<C, E, S> {
    private final String category;
    private final Decider<C, E, S> decider;
    private final int version;
    private final List<CommandType<C>> commands;
    private final Map<CommandType<C>, Preparation<C, S>> preparations;
    private final EventTypes<E> events;
    private final @Nullable Snapshots<S> snapshots;

    private Aggregate(Builder<C, E, S> builder) {
        category = builder.category;
        decider = builder.decider;
        version = builder.version;
        events = builder.events;
        events.checkComplete();
        commands = new ArrayList<>();
        preparations = new HashMap<>();
        builder.commands.forEach((name, type) -> {
            var command = new CommandType<C>(name, type, builder.schemas.get(type));
            commands.add(command);
            var preparation = builder.preparations.get(type);
            if (preparation != null) {
                preparations.put(command, preparation);
            }
        });
        snapshots = builder.snapshots == null ? null : builder.snapshots.ofVersion(version);
    }

    /** Begins the aggregate whose streams are named {@code CATEGORY-KEY}. */
    public static <C, E, S> Builder<C, E, S> of(String category, Decider<C, E, S> decider) {
        return new Builder<>(category, decider);
    }

    public String category() {
        return category;
    }

    public Decider<C, E, S> decider() {
        return decider;
    }

    List<CommandType<C>> commands() {
        return commands;
    }

    EventTypes<E> events() {
        return events;
    }

    /** Null when it takes none. */
    @Nullable
    Snapshots<S> snapshots() {
        return snapshots;
    }

    /** Null when a command of the type is decided as it comes. */
    @Nullable
    Preparation<C, S> preparation(CommandType<C> type) {
        return preparations.get(type);
    }

    /**
     * Completes a command before it is decided, such as by what another service knows. Called on an event loop, which must not wait; its
     * Failure answers the command.
     */
    @FunctionalInterface
    public interface Preparation<C, S> {
        /** The command to be decided. Called again, up to three times, when the state that it has read is no longer the last. */
        Future<? extends C> prepare(C command, Reads<S> reads);
    }

    /** What a preparation may read. */
    public interface Reads<S> {
        String stream();

        /** The state of the aggregate; the command is then decided upon this very state. */
        Future<S> state();
    }

    /** What an aggregate is made of. */
    public static final class Builder<C, E, S> {
        private final String category;
        private final Decider<C, E, S> decider;
        private final Map<String, Class<? extends C>> commands = new LinkedHashMap<>();
        private final Map<Class<?>, String> schemas = new HashMap<>();
        private final Map<Class<?>, Preparation<C, S>> preparations = new HashMap<>();
        private final EventTypes<E> events = new EventTypes<>();
        private int version = 1;
        private @Nullable Snapshots<S> snapshots;

        private Builder(String category, Decider<C, E, S> decider) {
            this.category = category;
            this.decider = decider;
            if (!category.matches("[A-Za-z][A-Za-z0-9_.]*")) {
                throw invalid("this name", "letters, digits, _ and ., of which the first is a letter");
            }
        }

        /** To be raised whenever {@code evolve} or the state changes: snapshots of before are then dropped. 1 unless it is said. */
        public Builder<C, E, S> version(int number) {
            version = number;
            return this;
        }

        /** A command whose type is the simple name of its record. */
        public Builder<C, E, S> command(Class<? extends C> type) {
            return command(type.getSimpleName(), type);
        }

        public Builder<C, E, S> command(String name, Class<? extends C> type) {
            if (!name.matches("[A-Za-z][A-Za-z0-9_.-]*")) {
                throw invalid("command '" + name + "'", "letters, digits, _, - and ., of which the first is a letter");
            }
            if (commands.put(name, type) != null) {
                throw invalid("command " + name + " twice", "it once");
            }
            return this;
        }

        /** All records of a sealed family, each as {@link #command(Class)}. */
        public <F extends C> Builder<C, E, S> commands(Class<F> family) {
            eachOf(family, (name, type) -> command(name, type));
            return this;
        }

        /** JSON Schema 2020-12 of a command, instead of the one that is derived from its record. */
        public Builder<C, E, S> schema(Class<? extends C> command, String json) {
            schemas.put(command, json);
            return this;
        }

        /** What is done before a command is decided. */
        @SuppressWarnings("unchecked") // a preparation is only ever given commands of its own class
        public <P extends C> Builder<C, E, S> prepare(Class<P> command, Preparation<P, S> preparation) {
            preparations.put(command, (given, reads) -> preparation.prepare((P) given, reads));
            return this;
        }

        /** An event whose type is the simple name of its record. */
        public Builder<C, E, S> event(Class<? extends E> type) {
            return event(type.getSimpleName(), type);
        }

        public Builder<C, E, S> event(String name, Class<? extends E> type) {
            events.add(name, type);
            return this;
        }

        /** All records of a sealed family, each as {@link #event(Class)}. */
        public <F extends E> Builder<C, E, S> events(Class<F> family) {
            eachOf(family, (name, type) -> event(name, type));
            return this;
        }

        private static <F> void eachOf(Class<F> family, BiConsumer<String, Class<? extends F>> each) {
            var families = new ArrayDeque<Class<?>>(List.of(family));
            while (!families.isEmpty()) {
                var next = families.removeFirst();
                if (next.isSealed()) {
                    families.addAll(Arrays.asList(next.getPermittedSubclasses()));
                } else {
                    each.accept(next.getSimpleName(), next.asSubclass(family));
                }
            }
        }

        /**
         * Keeps the state aside once in so many events, so that an aggregate that is not held in memory need not be folded from its
         * first event. Without it none is kept.
         *
         * @param state what Jackson reads a state into
         */
        public Builder<C, E, S> snapshotEvery(int events, Class<S> state) {
            if (events < 1) {
                throw invalid("a snapshot every " + events + " events", "1 or more");
            }
            snapshots = new Snapshots<>(events, state, version);
            return this;
        }

        /** DEFINITION_INVALID names what is wrong. */
        public Aggregate<C, E, S> build() {
            if (commands.isEmpty()) {
                throw invalid("no command", "at least one");
            }
            preparations.keySet().stream()
                    .filter(type -> !commands.containsValue(type))
                    .findFirst()
                    .ifPresent(unknown -> {
                        throw invalid("a preparation of " + unknown.getName(), "one of a command that is registered");
                    });
            return new Aggregate<>(this);
        }

        private Failure invalid(String found, String expected) {
            return Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "aggregate " + category + ": found " + found + ", expected " + expected);
        }
    }
}
