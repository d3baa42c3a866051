package dev.sluice.saga;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.DeadLetters.Became;
import dev.sluice.ingest.DeadLetters.State;
import dev.sluice.ingest.NoProjections;
import dev.sluice.ingest.Resolver;
import dev.sluice.log.LogOptions;
import dev.sluice.log.Position;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The dead letters of sagas as an operator has them, over the log and the room that there are now. */
final class SagaLetters implements DeadLetters.Sagas {
    private final Supplier<EventLog> events;
    private final Supplier<SagaRoom> room;

    SagaLetters(Supplier<EventLog> events, Supplier<SagaRoom> room) {
        this.events = events;
        this.room = room;
    }

    static DeadLetters.Filter filter(String saga, @Nullable String reason) {
        return new DeadLetters.Filter("saga:" + saga, reason, State.OPEN);
    }

    Future<List<DeadLetters.DeadLetter>> open(String saga, @Nullable String reason) {
        return letters().list(filter(saga, reason), 100, null).map(page -> page.letters());
    }

    private DeadLetters letters() {
        return new DeadLetters(events.get(), new NoProjections(false));
    }

    Resolver resolver() {
        return resolver(this);
    }

    /** @param heard who tells what became of a letter */
    Resolver resolver(DeadLetters.Sagas heard) {
        return new Resolver(
                events.get(), letters(), List.of(), LogOptions.defaults().maxEventBytes(), heard);
    }

    @Override
    public boolean isKnown(String saga) {
        return room.get().definitions().stream().anyMatch(each -> each.name().equals(saga));
    }

    @Override
    public Future<DeadLetters.Retried> retried(String saga, Position letter) {
        return room.get()
                .retried(saga, letter)
                .map(told -> new DeadLetters.Retried(
                        told.verdicts().stream()
                                .map(each -> new Became(letter, each.kind().word(), each.key(), each.detail()))
                                .toList(),
                        told.again()));
    }
}
