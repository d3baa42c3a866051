package dev.sluice.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Failure;
import dev.sluice.server.gateway.Health;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configured participants while nobody is there. */
class ParticipantsTest {
    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final EventBusMesh mesh = EventBusMesh.on(vertx);

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void listenBeforeAnybodyIsThereAndSendNothing() throws Exception {
        var participants = participants("""
                        http: { upstreams: { payments: { url: 'http://127.0.0.1:%1$d' } } }
                        kafka: { bootstrapServers: '127.0.0.1:%1$d', commands: [ { topic: shipping } ] }
                        """.formatted(freePort()));

        participants.start();

        assertThat(failure(Addresses.upstream("payments")).kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(failure(Addresses.commandTopic("shipping")).kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(participants.checks()).singleElement().satisfies(check -> {
            assertThat(check.name()).isEqualTo("commands-shipping");
            assertThat(check.status()).isEqualTo(Health.Status.DEGRADED);
            assertThat(check.detail()).contains("no broker");
        });
        participants.close();
        assertThat(failure(Addresses.upstream("payments")).kind()).isEqualTo(Failure.Kind.NO_HANDLERS);
        assertThat(failure(Addresses.commandTopic("shipping")).kind()).isEqualTo(Failure.Kind.NO_HANDLERS);
    }

    @Test
    void leaveTopicsAloneWithoutKafka() throws Exception {
        var participants = participants("kafka: { commands: [ { topic: shipping } ] }");

        participants.start();

        assertThat(participants.checks()).isEmpty();
        assertThat(failure(Addresses.commandTopic("shipping")).kind()).isEqualTo(Failure.Kind.NO_HANDLERS);
    }

    private Participants participants(String yaml) throws Exception {
        Path file = Files.writeString(folder.resolve("sluice.yaml"), yaml);
        var config = Config.load(file, null, Map.of(), Map.of());
        return new Participants(config, vertx, "log-id", mesh, new SimpleMeterRegistry());
    }

    private Failure failure(String address) throws Exception {
        var command = new ParticipantCommand("", "Ship", "id-1", null, "s/k", "c-1", "{}".getBytes(UTF_8));
        Throwable failed = mesh.<ParticipantReply>request(address, command)
                .<Throwable>map(reply -> new AssertionError("answered " + reply))
                .recover(Future::succeededFuture)
                .await(20, TimeUnit.SECONDS);
        assertThat(failed).isInstanceOf(Failure.class);
        return (Failure) failed;
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
