package dev.sluice.server.live;

import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** The instances of sagas, as far as subscriptions need to know them. Any thread. */
public interface Instances {
    /** What the names of the streams of a saga begin with, {@code KEY~RUN} follows; NOT_FOUND when there is no such saga. */
    String streams(String saga);

    /** An instance as it stands, as JSON; null when there is none. Answers on the caller's context. */
    Future<byte @Nullable []> json(String saga, String key);
}
