package dev.sluice.ingest;

import dev.sluice.log.Position;
import io.vertx.core.Future;

/** There are no sagas. */
public final class NoSagas implements DeadLetters.Sagas {
    @Override
    public boolean isKnown(String saga) {
        return false;
    }

    @Override
    public Future<DeadLetters.Retried> retried(String saga, Position letter) {
        return Future.failedFuture(new IllegalStateException("there are no sagas"));
    }
}
