package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.projection.Projections;
import dev.sluice.server.gateway.Health.Check;
import dev.sluice.server.gateway.Health.Status;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The projections without which the process is not ready. */
final class RequiredProjections {
    private final List<String> names;
    private final long maxLagMillis;
    private final Projections projections;

    /** @param maxLagMillis how far behind one may be */
    RequiredProjections(List<String> names, long maxLagMillis, Projections projections) {
        this.names = names;
        this.maxLagMillis = maxLagMillis;
        this.projections = projections;
    }

    List<Check> checks() {
        return names.stream()
                .map(name -> {
                    String problem = problem(name);
                    return new Check("projection-" + name, problem == null ? Status.UP : Status.DOWN, problem);
                })
                .toList();
    }

    private @Nullable String problem(String name) {
        Projections.Info info;
        try {
            info = projections.info(name);
        } catch (Failure missing) {
            return missing.getMessage();
        }
        if (info.state().equals("failed") || info.state().equals("paused")) {
            String why = info.problem() == null ? info.reason() : info.problem();
            return "found it " + info.state() + (why == null ? "" : " (" + why + ")") + ", expected it to be folded";
        }
        return info.lag().millis() <= maxLagMillis
                ? null
                : "found it " + info.lag().millis() + " ms behind, expected at most " + maxLagMillis;
    }
}
