package dev.sluice.shard;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Append;
import dev.sluice.log.Log;
import dev.sluice.log.SourceBatch;
import dev.sluice.log.SourceResolution;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Puts the shards of this process on the event bus: appends and source batches, answered after their commit. */
public final class ShardVerticle extends VerticleBase {
    private final Log log;
    private final Mesh mesh;
    private final List<Mesh.Registration> registrations = new ArrayList<>();

    public ShardVerticle(Log log, Mesh mesh) {
        this.log = log;
        this.mesh = mesh;
    }

    @Override
    public Future<?> start() {
        for (int number = 0; number < log.shards(); number++) {
            var shard = log.shard(number);
            registrations.add(
                    mesh.consumer(Addresses.append(number), Append.class, append -> answered(log.append(append))));
            registrations.add(
                    mesh.consumer(Addresses.ingest(number), SourceBatch.class, batch -> answered(shard.ingest(batch))));
            registrations.add(mesh.consumer(
                    Addresses.resolve(number),
                    SourceResolution.class,
                    resolution -> answered(shard.resolve(resolution))));
        }
        return Future.succeededFuture();
    }

    /** The reply leaves from the log's own thread: a detour over this verticle's event loop would only add a hand-off. */
    private static <T> Future<T> answered(CompletionStage<T> stage) {
        Promise<T> promise = Promise.promise();
        stage.whenComplete((answer, failure) -> {
            if (failure == null) {
                promise.complete(answer);
            } else {
                promise.fail(
                        failure instanceof java.util.concurrent.CompletionException wrapped
                                        && wrapped.getCause() != null
                                ? wrapped.getCause()
                                : failure);
            }
        });
        return promise.future();
    }

    @Override
    public Future<?> stop() {
        return Future.join(registrations.stream().map(Mesh.Registration::end).toList());
    }
}
