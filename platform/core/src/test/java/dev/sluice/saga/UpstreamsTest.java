package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.participant.HttpUpstream;
import dev.sluice.participant.UpstreamConfig;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a saga makes of what an HTTP upstream says. */
class UpstreamsTest {
    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final EventBusMesh mesh = EventBusMesh.on(vertx);
    private Log log;
    private HttpServer server;
    private Participants participants;
    private volatile int status = 200;
    private volatile String body = "{}";
    private volatile String path = "";

    @BeforeEach
    void serve() throws Exception {
        log = Log.open(folder, LogOptions.defaults());
        participants = new Participants(new LocalEventLog(vertx, log, mesh, new ReadPool(vertx, 1)), mesh, () -> 0);
        server = vertx.createHttpServer()
                .requestHandler(request -> {
                    path = request.path();
                    var unused = request.response()
                            .setStatusCode(status)
                            .putHeader("Retry-After", "3")
                            .end(body);
                })
                .listen(0, "127.0.0.1")
                .await(20, TimeUnit.SECONDS);
        name("payments", server.actualPort());
    }

    private void name(String upstream, int port) throws Exception {
        var config = UpstreamConfig.of(upstream, "http://127.0.0.1:" + port + "/v2");
        vertx.deployVerticle(new HttpUpstream(config, mesh, new SimpleMeterRegistry()))
                .await(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
        log.close();
    }

    @Test
    void succeedsWithAReplyOfThePlaceBehindTheName() throws Exception {
        body = "{\"Charged\":{\"paymentId\":\"p1\"}}";

        var outcome = send("http:payments/charges");

        assertThat(outcome).isInstanceOfSatisfying(Outcome.Succeeded.class, reply -> {
            assertThat(reply.type()).isEqualTo("Charged");
            assertThat(reply.data().path("paymentId").asText()).isEqualTo("p1");
        });
        assertThat(path).isEqualTo("/v2/charges");
    }

    @Test
    void isRejectedWithCodeAndMessage() throws Exception {
        status = 422;
        body = "{\"code\":\"CardDeclined\",\"detail\":\"no money\"}";

        assertThat(send("http:payments/charges")).isEqualTo(new Outcome.Rejected("CardDeclined", "no money"));
    }

    @Test
    void isPutOffWhenItIsToComeLater() throws Exception {
        status = 429;

        assertThat(send("http:payments/charges"))
                .isInstanceOfSatisfying(Outcome.Deferred.class, deferred -> assertThat(deferred.retryAfterMillis())
                        .isEqualTo(3_000));
    }

    @Test
    void isPutOffWhenNobodyListens() throws Exception {
        try (var bound = new Socket()) {
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)); // nobody else can listen there
            name("absent", bound.getLocalPort());

            assertThat(send("http:absent/charges")).isInstanceOf(Outcome.Deferred.class);
        }
    }

    @Test
    void knowsNothingAfterAnythingElse() throws Exception {
        status = 500;

        assertThat(send("http:payments/charges")).isInstanceOf(Outcome.Unknown.class);
    }

    private Outcome send(String to) throws Exception {
        return participants
                .send(new Dispatch(
                        "order-fulfilment",
                        "o1",
                        1,
                        "charge-payment",
                        1,
                        Direction.FORWARD,
                        0,
                        "id-1",
                        null,
                        to,
                        "Charge",
                        JsonNodeFactory.instance.objectNode(),
                        10_000,
                        "c-1"))
                .await(30, TimeUnit.SECONDS);
    }
}
