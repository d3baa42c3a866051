package dev.sluice.projection;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The query handlers of projections on the bus, of each name those of the highest version. Safe for any thread. */
final class QueryHandlers {
    private final Mesh mesh;
    private final Map<String, Serving> serving = new HashMap<>();

    /** The consumers of one version. */
    private record Serving(int version, List<Mesh.Registration> consumers) {}

    QueryHandlers(Mesh mesh) {
        this.mesh = mesh;
    }

    /** Answers on the context of the caller from now on, unless a higher version does; again for the same version: no effect. */
    synchronized <R extends Record> Future<Void> serve(Projection<R> projection, Projections projections) {
        var before = serving.get(projection.name());
        if (before != null && before.version() >= projection.version()) {
            return Future.succeededFuture();
        }
        var rows = projections.query(projection);
        var consumers = new ArrayList<Mesh.Registration>();
        projection
                .queries()
                .forEach((query, answering) -> consumers.add(mesh.consumer(
                        Addresses.query(projection.name(), query), Query.class, asked -> rows.ask(answering, asked))));
        serving.put(projection.name(), new Serving(projection.version(), consumers));
        return before == null ? Future.succeededFuture() : end(before.consumers());
    }

    synchronized Future<Void> close() {
        var all = serving.values().stream()
                .flatMap(each -> each.consumers().stream())
                .toList();
        serving.clear();
        return end(all);
    }

    private static Future<Void> end(List<Mesh.Registration> consumers) {
        return Future.join(consumers.stream().map(Mesh.Registration::end).toList())
                .mapEmpty();
    }
}
