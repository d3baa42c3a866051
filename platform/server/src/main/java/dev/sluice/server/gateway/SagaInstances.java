package dev.sluice.server.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Instance;
import dev.sluice.server.live.Instances;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The instances of sagas for subscriptions: as they are listed, and the status of each step that has begun. */
public final class SagaInstances implements Instances {
    private final SagaRoom sagas;
    private final LongSupplier clockMicros;

    public SagaInstances(SagaRoom sagas, LongSupplier clockMicros) {
        this.sagas = sagas;
        this.clockMicros = clockMicros;
    }

    @Override
    public String streams(String saga) {
        boolean isKnown =
                sagas.definitions().stream().anyMatch(each -> each.name().equals(saga));
        if (!isKnown) {
            throw Failure.of(
                    Failure.Kind.NOT_FOUND,
                    "found no saga '" + Query.shown(saga) + "', expected one of "
                            + SagaJson.byName(sagas.definitions()).keySet());
        }
        String ofNobody = SagaRoom.stream(saga, "", 1);
        return ofNobody.substring(0, ofNobody.lastIndexOf('~'));
    }

    @Override
    public Future<byte @Nullable []> json(String saga, String key) {
        return sagas.instance(saga, key)
                .<byte @Nullable []>map(instance -> json(instance).toString().getBytes(StandardCharsets.UTF_8))
                .recover(failed -> failed instanceof Failure failure && failure.kind() == Failure.Kind.NOT_FOUND
                        ? Future.succeededFuture(null)
                        : Future.failedFuture(failed));
    }

    private ObjectNode json(Instance instance) {
        var versions = sagas.definitions().stream()
                .filter(each -> each.name().equals(instance.saga()))
                .toList();
        var row = SagaJson.summary(instance, stuckBefore(versions));
        var steps = row.putObject("steps");
        instance.steps().forEach((name, step) -> steps.put(name, step.status().name()));
        return row;
    }

    private long stuckBefore(List<SagaDefinition> versions) {
        return versions.isEmpty()
                ? Long.MIN_VALUE
                : clockMicros.getAsLong()
                        - SagaJson.newest(versions).structure().stuckAfter().toNanos() / 1_000;
    }
}
