package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Subscribers at the plain program, in a process of its own as in a benchmark. */
class SwarmTest {
    private static final Duration MOST = Duration.ofSeconds(30);
    private static final int ROWS = 50;
    private static final int SUBSCRIBERS = 5;

    private final Freshness freshness = new Freshness(ROWS, 1_000);

    @TempDir
    Path folder;

    @Test
    void measuresEveryOrderAtEverySubscriberAndComesBackAfterTheServerHasEnded() throws Exception {
        var outlet = new PlainFanout.Outlet();
        try (var publisher = new Publisher(outlet, new OrderData(256, ROWS));
                var server = ServerProcess.startPlain(
                        folder, PlainFanout.class, List.of(String.valueOf(outlet.port()), "10"));
                var swarm = new Swarm(server.url())) {
            publisher.publishEach(freshness);
            for (int i = 0; i < SUBSCRIBERS; i++) {
                swarm.add("", freshness.watch());
            }

            swarm.open(MOST);
            freshness.measure();
            publisher.publish(200, 1_000, freshness);
            swarm.awaitNewest(MOST);

            assertThat(freshness.latencies().getTotalCount()).isEqualTo(200 * SUBSCRIBERS);
            assertThat(swarm.joinNanos().getTotalCount()).isEqualTo(SUBSCRIBERS);
            assertThat(swarm.resumed("snapshot")).isEqualTo(SUBSCRIBERS);
            assertThat(swarm.snapshots()).isEqualTo(SUBSCRIBERS);

            swarm.mayLeave();
            server.kill();
            swarm.awaitLeft(MOST);

            assertThatThrownBy(() -> swarm.open(MOST)).hasRootCauseMessage("Connection refused");
        }
    }
}
