package dev.sluice.server.gateway;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.function.Supplier;

/** A worker's context: what futures are composed of there does not hold up an event loop. One step at a time. */
final class OffLoop extends VerticleBase {
    /** Begins a task on the worker; its answer comes on the caller's context. */
    <T> Future<T> run(Supplier<Future<T>> task) {
        Context caller = vertx.getOrCreateContext();
        Promise<T> done = Promise.promise();
        context.runOnContext(begun -> {
            try {
                task.get().onComplete(done);
            } catch (RuntimeException refused) {
                done.fail(refused);
            }
        });
        return Future.fromCompletionStage(done.future().toCompletionStage(), caller);
    }
}
