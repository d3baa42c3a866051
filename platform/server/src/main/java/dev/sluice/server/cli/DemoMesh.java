package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the demo does with the mesh: a policy limits how fast the log is appended to, and has a circuit breaker that takes the limit's
 * refusals for failures; so it opens, and closes again when calls come as slowly as they may.
 */
final class DemoMesh {
    private static final String POLICY = """
            policies:
              - name: demo
                match: { address: shard.*.append }
                outbound:
                  breaker: { trips: [ { consecutiveFailures: 3 } ], failOn: [ "429" ], openFor: { initial: 1s, jitter: 0 }, trials: 1 }
                inbound:
                  rateLimit: [ { name: demo, capacity: 2, refill: 2/s } ]
            """;
    private static final String NO_POLICY = "policies: []\n";
    private static final String STREAM = "visit-demo";
    private static final int MOST_CALLS = 50;
    private static final long PATIENCE_SECONDS = 30;
    private static final long ASK_AGAIN_MILLIS = 50;

    private final Remote remote;
    private final Terminal terminal;

    DemoMesh(Remote remote, Terminal terminal) {
        this.remote = remote;
        this.terminal = terminal;
    }

    /** Shows calls admitted, limited, rejected and admitted again, and what the log tells of it. */
    void show() throws InterruptedException {
        apply(POLICY);
        long openMillis = callUntilOpen();
        TimeUnit.MILLISECONDS.sleep(openMillis);
        callUntilAdmitted();
        changes().forEach(change -> {
            var data = Json.object(change.get("data"));
            terminal.line("$mesh " + data.get("breaker") + ": " + data.get("from") + " → " + data.get("to") + " ("
                    + data.get("cause") + ", policy " + data.get("policy") + ")");
        });
        apply(NO_POLICY);
        terminal.line("");
    }

    private void apply(String policies) {
        remote.send(
                "PUT",
                "/v1/mesh/policies" + Remote.query(Map.of("source", "demo")),
                Map.of(),
                Remote.Body.of("application/yaml", policies));
    }

    /** How long the breaker stays open, in ms. */
    private long callUntilOpen() {
        for (int i = 0; i < MOST_CALLS; i++) {
            var refused = call();
            if (refused != null && refused.kind() == Failure.Kind.CIRCUIT_OPEN) {
                return millis(refused);
            }
        }
        throw DemoCommand.failed("made " + MOST_CALLS + " calls, expected the breaker to open");
    }

    private void callUntilAdmitted() throws InterruptedException {
        for (int i = 0; i < MOST_CALLS; i++) {
            var refused = call();
            if (refused == null) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(millis(refused));
        }
        throw DemoCommand.failed("made " + MOST_CALLS + " calls, expected one to be admitted again");
    }

    /** Appends; null when it was admitted. */
    private @Nullable Failure call() {
        try {
            remote.send(
                    "POST",
                    Remote.path("v1", "streams", STREAM) + Remote.query(Map.of("type", "Visited")),
                    Map.of(),
                    Remote.Body.of("application/json", "{}"));
            terminal.line("call  admitted");
            return null;
        } catch (Failure refused) {
            if (refused.kind() != Failure.Kind.RATE_LIMITED && refused.kind() != Failure.Kind.CIRCUIT_OPEN) {
                throw refused;
            }
            terminal.line("call  " + refused.kind().code() + ", may come again in " + millis(refused) + " ms");
            return refused;
        }
    }

    private static long millis(Failure refused) {
        return refused.details().get("retryAfterMillis") instanceof Number millis ? millis.longValue() : 1;
    }

    /** Of the breaker, from open to closed again; they come a little after the calls. */
    private List<Map<String, @Nullable Object>> changes() throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            var events =
                    remote.get("/v1/events" + Remote.query(Map.of("stream", "$mesh", "type", "BreakerStateChanged")));
            var changes = Json.objects(Json.parse(events.body()));
            if (changes.size() >= 3) {
                return changes;
            }
            if (System.nanoTime() > deadlineNanos) {
                throw DemoCommand.failed("found " + changes.size() + " changes of the breaker in $mesh, expected 3");
            }
            TimeUnit.MILLISECONDS.sleep(ASK_AGAIN_MILLIS);
        }
    }
}
