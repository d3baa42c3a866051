package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.kafka.DevBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Subscribers at the plain program, in a process of its own as in a benchmark. */
class SwarmTest {
    private static final Duration MOST = Duration.ofSeconds(30);
    private static final String TOPIC = "orders";
    private static final int ROWS = 50;
    private static final int SUBSCRIBERS = 5;

    private final Freshness freshness = new Freshness(ROWS, 1_000);

    @TempDir
    Path folder;

    @Test
    void measuresEveryOrderAtEverySubscriberAndComesBackAfterTheServerHasEnded() throws Exception {
        try (var broker = DevBroker.start(folder.resolve("kafka"), 0);
                var publisher = new Publisher(broker.bootstrapServers(), TOPIC, new OrderData(256, ROWS))) {
            broker.createTopic(TOPIC, 2);
            var arguments = List.of(broker.bootstrapServers(), TOPIC, "10");
            try (var server = ServerProcess.startPlain(folder.resolve("plain"), PlainFanout.class, arguments);
                    var swarm = new Swarm(server.url())) {
                measuresAndComesBack(publisher, server, swarm);
            }
        }
    }

    private void measuresAndComesBack(Publisher publisher, ServerProcess server, Swarm swarm) throws Exception {
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
