package dev.sluice.server.gateway;

import io.vertx.core.Future;

/** Answers the requests of one route. A Failure, thrown or in the future, becomes a problem document. */
@FunctionalInterface
interface Endpoint {
    Future<Answer> answer(Call call);
}
