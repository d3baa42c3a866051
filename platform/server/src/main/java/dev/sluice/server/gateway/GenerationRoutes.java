package dev.sluice.server.gateway;

import dev.sluice.projection.Projections;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/projections/{p}/VERB}: what operators do to projections. Each may be repeated. */
final class GenerationRoutes {
    private static final String OF_ONE = "/v1/projections/{projection}/";
    private static final int MAX_REASON_CHARS = 1_000;

    private final Projections projections;

    GenerationRoutes(Projections projections) {
        this.projections = projections;
    }

    void addTo(Routes routes) {
        verb(routes, "rebuild", Set.of("hold"), (name, query) -> projections.rebuild(name, query.flag("hold")));
        verb(routes, "switch", Set.of(), (name, query) -> projections.switchOver(name));
        verb(routes, "rollback", Set.of(), (name, query) -> projections.rollback(name));
        verb(routes, "pause", Set.of("reason"), (name, query) -> projections.pause(name, reason(query)));
        verb(routes, "resume", Set.of(), (name, query) -> projections.resume(name));
    }

    private interface Verb {
        Future<Projections.Info> run(String projection, Query query);
    }

    private static void verb(Routes routes, String word, Set<String> parameters, Verb verb) {
        routes.withBody(HttpMethod.POST, OF_ONE + word, call -> {
            Query query = call.query(parameters.toArray(String[]::new));
            call.checkNoBody();
            return verb.run(call.path("projection"), query)
                    .map(info -> Answer.json(200, ProjectionRoutes.summary(info)));
        });
    }

    /** Why somebody did something, null when it is not said. */
    static @Nullable String reason(Query query) {
        String reason = query.filled("reason");
        if (reason != null && reason.length() > MAX_REASON_CHARS) {
            throw Query.invalid(
                    "found a reason of " + reason.length() + " characters, expected at most " + MAX_REASON_CHARS);
        }
        return reason;
    }
}
