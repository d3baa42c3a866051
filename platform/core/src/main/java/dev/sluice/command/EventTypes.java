package dev.sluice.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The types of an aggregate's events, by name and by class. Safe for any thread. */
final class EventTypes<E> {
    private final Map<String, ObjectReader> readers = new LinkedHashMap<>();
    private final Map<Class<?>, Written> written = new LinkedHashMap<>();

    private record Written(String type, ObjectWriter writer) {}

    void add(String name, Class<? extends E> type) {
        if (readers.put(name, Mapping.EVENTS.readerFor(type)) != null
                || written.put(type, new Written(name, Mapping.EVENTS.writerFor(type))) != null) {
            throw invalid("event " + name + " of " + type.getName() + " twice", "it once");
        }
    }

    /** A forgotten type of a sealed family would be passed over in silence when a state is folded. */
    void checkComplete() {
        for (var type : written.keySet()) {
            for (var family : type.getInterfaces()) {
                if (family.isSealed()) {
                    Arrays.stream(family.getPermittedSubclasses())
                            .filter(each -> !each.isInterface() && !written.containsKey(each))
                            .findFirst()
                            .ifPresent(forgotten -> {
                                throw invalid("no event " + forgotten.getName(), "all of " + family.getName());
                            });
                }
            }
        }
    }

    /** A recorded event, null when its type is not of this aggregate. */
    @Nullable
    E read(RecordedEvent event) {
        var reader = readers.get(event.type());
        if (reader == null) {
            return null;
        }
        try {
            return reader.readValue(event.dataArray(), event.dataStart(), event.dataLength());
        } catch (IOException other) {
            throw new UncheckedIOException(
                    "found data of " + event.type() + " at " + event.position() + " that cannot be read", other);
        }
    }

    /** What becomes of an event in the log. */
    CommandAnswer.Reply write(E event) {
        var known = written.get(event.getClass());
        if (known == null) {
            throw new IllegalStateException("found an event of " + event.getClass() + ", expected one of "
                    + written.keySet() + ", which are registered");
        }
        try {
            return new CommandAnswer.Reply(known.type(), known.writer().writeValueAsBytes(event));
        } catch (JsonProcessingException refused) {
            throw new UncheckedIOException("found an event " + known.type() + " that cannot be written", refused);
        }
    }

    private static Failure invalid(String found, String expected) {
        return Failure.of(Failure.Kind.DEFINITION_INVALID, "aggregate: found " + found + ", expected " + expected);
    }
}
