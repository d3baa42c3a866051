package dev.sluice.server.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.machine.Instance;
import dev.sluice.server.live.Instances;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
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
        SagaJson.versions(sagas, saga);
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
        var newest = SagaVersion.newest(SagaJson.versions(sagas, instance.saga()));
        var row = SagaJson.summary(instance, newest.stuckBefore(clockMicros.getAsLong()));
        var steps = row.putObject("steps");
        instance.steps().forEach((name, step) -> steps.put(name, step.status().name()));
        return row;
    }
}
