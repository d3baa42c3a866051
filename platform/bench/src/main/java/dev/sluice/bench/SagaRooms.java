package dev.sluice.bench;

import dev.sluice.command.CommandRoom;
import dev.sluice.log.Log;
import dev.sluice.saga.Failpoints;
import dev.sluice.saga.SagaLimits;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Status;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Sagas and the aggregates that take part in them, in this process, while open. */
final class SagaRooms implements AutoCloseable {
    private static final int STATES = 100_000;

    private final Rooms rooms;
    private final CommandRoom commands;
    private final SagaRoom sagas;

    /**
     * @param folder of the log, that of an earlier run included
     * @param onAsked run whenever the participant that never answers is asked
     */
    SagaRooms(Path folder, List<SagaDefinition> definitions, Runnable onAsked) {
        rooms = new Rooms(folder);
        commands = rooms.commands(STATES);
        commands.register(SagaShop.participant());
        rooms.mesh()
                .<ParticipantCommand, ParticipantReply>consumer(
                        SagaShop.SILENT, ParticipantCommand.class, command -> silence(onAsked));
        sagas = new SagaRoom(
                rooms.vertx(),
                rooms.events(),
                rooms.mesh(),
                SagaLimits.DEFAULTS,
                () -> TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()),
                rooms.meters(),
                Failpoints.NONE);
        definitions.forEach(definition -> Rooms.await(sagas.register(definition)));
        Rooms.await(sagas.start());
    }

    private static Future<ParticipantReply> silence(Runnable onAsked) {
        onAsked.run();
        return Promise.<ParticipantReply>promise().future();
    }

    Log log() {
        return rooms.log();
    }

    /** Instances of a saga in a status; throws when one is parked or has turned back, as nothing here is to fail. */
    long count(String saga, Status status) {
        var counts = sagas.counts(saga);
        long bad = counts.getOrDefault(Status.PARKED, 0L) + counts.getOrDefault(Status.COMPENSATING, 0L);
        if (bad > 0) {
            throw new IllegalStateException(
                    "found %d instances of %s that did not go on, expected none".formatted(bad, saga));
        }
        return counts.getOrDefault(status, 0L);
    }

    @Override
    public void close() {
        Rooms.await(sagas.close());
        Rooms.await(commands.close());
        rooms.close();
    }
}
