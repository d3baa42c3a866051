package dev.sluice.server.live;

import static dev.sluice.server.live.MemoryViews.numbers;
import static dev.sluice.server.live.ViewSubscriptionTest.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionTest {
    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);

    @BeforeEach
    void start() {
        server.start(new NoEvents(), views, new LiveOptions(2, 100, 1024, 1_000));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void welcomesWithItsLimits() {
        var client = TestClient.connect(server.port());

        client.send("{\"op\":\"hello\",\"v\":1,\"token\":\"x\",\"client\":\"test/1\"}");

        var welcome = client.next();
        assertThat(welcome.getInteger("v")).isEqualTo(1);
        assertThat(welcome.getString("node")).isEqualTo("n1");
        assertThat(welcome.getLong("ping")).isEqualTo(1_000);
        assertThat(welcome.getJsonObject("limits").encode()).isEqualTo("{\"subs\":2,\"window\":100,\"maxFrame\":1024}");
    }

    @Test
    void closesAConnectionWithoutHello() {
        var client = TestClient.connect(server.port());

        assertThat(client.closeCode()).isEqualTo(4408);
    }

    @Test
    void expectsTheHelloFirstAndOnce() {
        var early = TestClient.connect(server.port());
        early.send("{\"op\":\"ping\",\"t\":1}");
        assertThat(early.next().getString("message")).contains("expected hello first");

        var twice = TestClient.welcomed(server.port());
        twice.send("{\"op\":\"hello\",\"v\":1}");
        assertThat(twice.next().getString("message")).contains("second hello");
    }

    @Test
    void refusesAnotherVersionOfTheProtocol() {
        var client = TestClient.connect(server.port());

        client.send("{\"op\":\"hello\",\"v\":2}");

        assertThat(client.next().getString("code")).isEqualTo("unsupported");
        assertThat(client.closeCode()).isEqualTo(4406);
    }

    @Test
    void refusesAHandshakeWithoutTheSubprotocol() {
        var uri = URI.create("ws://127.0.0.1:" + server.port() + "/v1/ws");
        var builder = HttpClient.newHttpClient().newWebSocketBuilder().subprotocols("other.v9");

        assertThatThrownBy(() ->
                        builder.buildAsync(uri, new WebSocket.Listener() {}).join())
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(WebSocketHandshakeException.class, refused -> assertThat(
                                refused.getResponse().statusCode())
                        .isEqualTo(406));
    }

    @Test
    void refusesAPlainRequest() throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/v1/ws"))
                .build();

        var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(400);
    }

    @Test
    void closesAfterBadFramesInARowOnly() {
        var client = TestClient.welcomed(server.port());

        for (int i = 0; i < 4; i++) {
            client.send("{\"op\":\"dance\"}");
            assertThat(client.next().getString("code")).isEqualTo("bad_frame");
            client.send("{\"op\":\"ping\",\"t\":" + i + "}");
            assertThat(client.next().getString("op")).isEqualTo("pong");
        }
        client.send("{\"op\":");
        client.sendBinary(new byte[] {1});
        client.send("[]");

        assertThat(client.closeCode()).isEqualTo(4400);
    }

    @Test
    void closesWhenAMessageIsTooLong() {
        var client = TestClient.welcomed(server.port());
        client.send("{\"op\":\"ping\",\"t\":\"" + "x".repeat(60_000) + "\"}");
        assertThat(client.next().getString("op")).isEqualTo("pong");

        client.send("{\"op\":\"ping\",\"t\":\"" + "x".repeat(70_000) + "\"}");

        assertThat(client.closeCode()).isEqualTo(4413);
    }

    /** The JDK's client sends fragments; this is one frame that is never read to its end. */
    @Test
    void aFrameTooLongToBeTakenInAtAllClosesTheSocketToo() {
        var code = new CompletableFuture<Short>();
        var options = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(server.port())
                .setURI("/v1/ws")
                .addSubProtocol(Live.SUBPROTOCOL);
        var client = server.vertx.createWebSocketClient(new WebSocketClientOptions().setMaxFrameSize(1 << 20));

        client.connect(options)
                .onSuccess(socket -> {
                    socket.closeHandler(closed -> code.complete(socket.closeStatusCode()));
                    socket.writeFinalTextFrame("x".repeat(600_000)).onFailure(gone -> {});
                })
                .onFailure(code::completeExceptionally);

        assertThat(code.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo((short) 4413);
    }

    @Test
    void limitsTheSubscriptionsOfASocket() {
        var client = TestClient.welcomed(server.port());
        for (int sub = 1; sub <= 2; sub++) {
            client.send(subscribe().put("sub", sub));
            assertThat(client.next("synced").getInteger("sub")).isEqualTo(sub);
        }

        client.send(subscribe().put("sub", 3));
        assertThat(client.next("error").getString("code")).isEqualTo("limits");
        client.send("{\"op\":\"unsubscribe\",\"sub\":1}");
        var ended = client.next("ended");
        assertThat(ended.getString("code")).isEqualTo("unsubscribed");
        assertThat(ended.getString("resume")).isNotEmpty();
        client.send(subscribe().put("sub", 2));
        assertThat(client.next("error").getString("code")).isEqualTo("sub_in_use");
        client.send(subscribe().put("sub", 3));
        assertThat(client.next("synced").getInteger("sub")).isEqualTo(3);
    }

    @Test
    void refusesWhatIsAboutNoSubscription() {
        var client = TestClient.welcomed(server.port());

        client.send("{\"op\":\"credit\",\"sub\":9,\"rows\":1}");
        var unknown = client.next();
        client.send(subscribe().put("to", "projection:none"));
        var missing = client.next();

        assertThat(unknown.getString("code")).isEqualTo("unknown_sub");
        assertThat(unknown.getString("ref")).isEqualTo("credit");
        assertThat(missing.getString("code")).isEqualTo("projection_not_found");
        assertThat(missing.getBoolean("retryable")).isFalse();
    }

    @Test
    void pingsASocketOnWhichNothingHappens() {
        var client = TestClient.welcomed(server.port());

        assertThat(client.next("ping").containsKey("t")).isTrue();
    }

    @Test
    void saysGoodbyeWhenTheServerDrainsAndTakesNobodyIn() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        views.commit(numbers("a", 1));

        var drained = server.live().drain();

        var goodbye = client.next("goodbye");
        assertThat(goodbye.getString("code")).isEqualTo("drain");
        assertThat(goodbye.getLong("reconnectInMs")).isBetween(1L, 10_000L);
        assertThat(client.closeCode()).isEqualTo(1001);
        drained.toCompletionStage().toCompletableFuture().join();
        assertThatThrownBy(() -> TestClient.connect(server.port()))
                .hasCauseInstanceOf(WebSocketHandshakeException.class);
    }

    @Test
    void whatASubscriptionHeldIsLetGoWithItsSocket() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("where", "number > 1"));
        assertThat(client.next("synced")).isNotNull();
        assertThat(server.metrics.get("subscription.active").gauge().value()).isEqualTo(1);

        client.abort();

        org.awaitility.Awaitility.await().untilAsserted(() -> {
            assertThat(server.metrics.get("subscription.active").gauge().value())
                    .isZero();
            assertThat(server.live().hubs()).isZero();
        });
    }
}
