package dev.sluice.testing;

import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamName;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import dev.sluice.saga.machine.Status;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the events of all instances of a shard, in their order, tell of who was admitted when. */
final class SagaTurns {
    private final List<SagaDefinition> definitions;
    private final SagaEffects.Demand demand;

    SagaTurns(List<SagaDefinition> definitions, SagaEffects.Demand demand) {
        this.definitions = definitions;
        this.demand = demand;
    }

    void check(Log log) {
        for (int shard = 0; shard < log.shards(); shard++) {
            var instances = new TreeMap<String, Instance>();
            for (long offset = 1; offset <= log.shard(shard).head(); offset++) {
                var event = log.event(new Position(shard, offset));
                if (event != null && event.stream().startsWith("$saga.")) {
                    take(instances, event, log.shards());
                }
            }
        }
    }

    private void take(Map<String, Instance> instances, RecordedEvent recorded, int shards) {
        String saga = StreamName.category(recorded.stream())
                .substring("$saga.".length())
                .replace('.', '-');
        var instance = instances.computeIfAbsent(recorded.stream(), first -> Instance.of(saga, recorded.stream(), 1));
        var event = SagaJson.event(recorded.type(), recorded.data());
        if (event instanceof SagaEvent.SagaAdmitted) {
            boolean isFirst = instances.values().stream()
                    .noneMatch(each -> each.saga().equals(saga)
                            && each.status() == Status.PENDING
                            && each.turn() < instance.turn());
            demand.holds(isFirst, "I33", recorded.stream() + " is admitted before its turn");
        }
        instance.fold(event, recorded.recordedMicros());
        // the second event: it goes at once; later, an operator has taken it up
        boolean begins = event instanceof SagaEvent.StateBegun && recorded.version() == 2;
        int most = share(saga, shards);
        if (most < Integer.MAX_VALUE && (event instanceof SagaEvent.SagaAdmitted || begins)) {
            long going = instances.values().stream()
                    .filter(each -> each.saga().equals(saga))
                    .filter(each -> each.status() == Status.RUNNING || each.status() == Status.COMPENSATING)
                    .count();
            demand.holds(going <= most, "I33", recorded.stream() + ": " + going + " go, expected at most " + most);
        }
    }

    /** The most that any version lets go in a shard. */
    private int share(String saga, int shards) {
        return definitions.stream()
                .map(SagaDefinition::structure)
                .filter(structure -> structure.name().equals(saga))
                .mapToInt(structure -> structure.maxRunning() == null
                        ? Integer.MAX_VALUE
                        : (structure.maxRunning() + shards - 1) / shards)
                .max()
                .orElse(Integer.MAX_VALUE);
    }
}
