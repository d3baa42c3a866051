package dev.sluice.ingest;

import dev.sluice.log.Cursor;
import io.vertx.core.Future;

/**
 * Projections that fold nothing.
 *
 * @param areCurrent whether all generations are the live ones
 */
public record NoProjections(boolean areCurrent) implements DeadLetters.Projections {
    @Override
    public boolean isCurrent(String projection, int generation) {
        return areCurrent;
    }

    @Override
    public Future<Void> reached(String projection, Cursor cursor) {
        return Future.succeededFuture();
    }
}
