package dev.sluice.participant;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import dev.sluice.testing.ExampleParticipant;
import dev.sluice.testing.ParticipantContract;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An upstream against a real server, asked over the mesh. */
class HttpUpstreamTest {
    private static final ParticipantCommand CHARGE = new ParticipantCommand(
            "charges", "Charge", "id-1", null, "order-fulfilment/o1", "größe 1", "{\"cents\":500}".getBytes(UTF_8));

    private final Vertx vertx = Vertx.vertx();
    private final Mesh mesh = EventBusMesh.on(vertx);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final ConcurrentLinkedQueue<HttpServerRequest> requests = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Buffer> bodies = new ConcurrentLinkedQueue<>();
    private Handler<HttpServerRequest> handler = request -> respond(request, 200, "application/json", "{}");
    private int port;
    private String deployed = "";

    @BeforeEach
    void listen() throws Exception {
        port = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    requests.add(request);
                    bodies.add(body);
                    handler.handle(request);
                }))
                .listen(0, "127.0.0.1")
                .await(20, TimeUnit.SECONDS)
                .actualPort();
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void postsTheCommandAsACloudEventBelowTheUrl() throws Exception {
        deploy(Map.of(), Map.of("Authorization", "Bearer hush"));
        var refund = new ParticipantCommand(
                "refunds/r%201",
                "Refund", "id-2", "id-1", "order-fulfilment/o1", "größe 1", "{\"n\":1}".getBytes(UTF_8));

        ask(CHARGE);
        mesh.<ParticipantReply>request(address(), refund, within(20_000).withTraceparent("00-aa-bb-01"))
                .await(20, TimeUnit.SECONDS);

        var first = requests.poll();
        assertThat(first.method().name()).isEqualTo("POST");
        assertThat(first.uri()).isEqualTo("/base/charges");
        assertThat(bodies.poll()).hasToString("{\"cents\":500}");
        assertThat(headers(first))
                .containsEntry("content-type", "application/json")
                .containsEntry("idempotency-key", "id-1")
                .containsEntry("authorization", "Bearer hush")
                .containsEntry("ce-specversion", "1.0")
                .containsEntry("ce-id", "id-1")
                .containsEntry("ce-source", "/sagas/order-fulfilment")
                .containsEntry("ce-type", "Charge")
                .containsEntry("ce-commandid", "id-1")
                .containsEntry("ce-correlationid", "gr%C3%B6%C3%9Fe%201")
                .doesNotContainKeys("ce-undoes", "traceparent");
        var second = requests.poll();
        assertThat(second.uri()).isEqualTo("/base/refunds/r%201");
        assertThat(headers(second)).containsEntry("ce-undoes", "id-1").containsEntry("traceparent", "00-aa-bb-01");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "none",
            value = {
                "200 | Charged   | {\"paymentId\":\"p1\"}                        | Charged | {\"paymentId\":\"p1\"}",
                "201 | none      | {\"type\":\"Charged\",\"data\":{\"n\":1.10}}  | Charged | {\"n\":1.10}",
                "200 | none      | {\"Charged\":{\"paymentId\":\"p1\"}}          | Charged | {\"paymentId\":\"p1\"}",
                "200 | none      | {\"payment\":{\"id\":1}}                      | ``      | {\"payment\":{\"id\":1}}",
                "200 | none      | {\"paymentId\":\"p1\"}                        | ``      | {\"paymentId\":\"p1\"}",
                "200 | none      | {\"type\":\"card\",\"id\":1}                  | ``      | {\"type\":\"card\",\"id\":1}",
                "200 | none      | [1]                                           | ``      | [1]",
                "204 | Gr%C3%B6n | ``                                            | Grön    | {}",
                "200 | none      | ``                                            | ``      | {}",
            })
    void readsASuccess(int status, @Nullable String header, String body, String type, String data) throws Exception {
        deploy();
        handler = request -> {
            if (header != null) {
                request.response().putHeader("ce-type", header);
            }
            respond(request, status, "application/json", body);
        };

        var reply = ask(CHARGE);

        assertThat(reply.isRejection()).isFalse();
        assertThat(reply.type()).isEqualTo(type);
        assertThat(reply.data()).asString(UTF_8).isEqualTo(data);
        assertThat(calls("replied")).isOne();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "422 | application/problem+json | {\"code\":\"CardDeclined\",\"detail\":\"no money\"} | no money",
                "409 | application/json         | {\"code\":\"CardDeclined\",\"message\":\"no\"}      | no",
                "422 | Application/JSON; charset=utf-8 | {\"code\":\"CardDeclined\"}                  | CardDeclined",
            })
    void readsARejection(int status, String mediaType, String body, String message) throws Exception {
        deploy();
        handler = request -> respond(request, status, mediaType, body);

        var reply = ask(CHARGE);

        assertThat(reply.isRejection()).isTrue();
        assertThat(reply.type()).isEqualTo("CardDeclined");
        assertThat(reply.data()).asString(UTF_8).isEqualTo("{\"message\":\"" + message + "\"}");
        assertThat(calls("rejected")).isOne();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "422 | application/json | {}                                | without a code",
                "409 | application/json | {\"detail\":\"in progress\"}      | without a code",
                "409 | text/html        | {\"code\":\"c\"}                  | without a code",
                "400 | application/json | {\"code\":\"c\"}                  | found status 400",
                "404 | application/json | {\"code\":\"c\"}                  | found status 404",
                "500 | application/json | {\"code\":\"c\"}                  | found status 500",
                "503 | application/json | {}                                | found status 503",
                "302 | application/json | {}                                | found status 302",
                "200 | text/html        | <html>                            | that is no JSON",
                "200 | text/html        | {}                                | that is no JSON",
                "200 | application/json | {\"a\":                           | that is no JSON",
            })
    void knowsNothingAfterAnythingElse(int status, String mediaType, String body, String why) throws Exception {
        deploy();
        handler = request -> respond(request, status, mediaType, body);

        var failure = fails(CHARGE, 20_000);

        assertThat(failure.kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(failure).hasMessageContaining(why);
        assertThat(requests).hasSize(1);
        assertThat(calls("unknown")).isOne();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "429 | 7                               | RATE_LIMITED | 7000",
                "429 | `Sat, 28 Nov 2026 12:00:05 GMT` | RATE_LIMITED | 5000",
                "429 | 99999999                        | RATE_LIMITED | 3600000",
                "429 | soon                            | RATE_LIMITED |",
                "503 | 2                               | OVERLOADED   | 2000",
            })
    void tellsWhenARefusedCommandMayComeAgain(int status, String retryAfter, Failure.Kind kind, @Nullable Long millis)
            throws Exception {
        deploy();
        handler = request -> {
            request.response().putHeader("Retry-After", retryAfter).putHeader("Date", "Sat, 28 Nov 2026 12:00:00 GMT");
            respond(request, status, "text/plain", "later");
        };

        var failure = fails(CHARGE, 20_000);

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.details().get("retryAfterMillis")).isEqualTo(millis);
        assertThat(calls("not-done")).isOne();
    }

    @Test
    void knowsNothingAfterTheDeadlineOfTheCallOrTheTimeoutOfTheUpstream() throws Exception {
        handler = request -> {};
        deploy();
        var byCall = fails(CHARGE, 50);
        deployed = vertx.undeploy(deployed).map("").await(20, TimeUnit.SECONDS);
        deploy(Map.of("timeout", "50ms"), Map.of());

        var byUpstream = fails(CHARGE, 20_000);

        assertThat(byUpstream.kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(byCall.kind()).isIn(Failure.Kind.OUTCOME_UNKNOWN, Failure.Kind.DEADLINE_EXCEEDED);
        soon(() -> calls("unknown") == 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"before", "within the head", "within the body"})
    void knowsNothingAfterACutConnection(String where) throws Exception {
        var server = vertx.createNetServer()
                .connectHandler(socket -> socket.handler(sent -> {
                    String written = where.equals("before")
                            ? ""
                            : "HTTP/1.1 200 OK\r\nContent-Len" + (where.endsWith("head") ? "" : "gth: 9\r\n\r\n{");
                    socket.write(written).eventually(socket::close).onFailure(failed -> assertThat(failed)
                            .isNull());
                }))
                .listen(0, "127.0.0.1")
                .await(20, TimeUnit.SECONDS);
        port = server.actualPort();
        deploy();

        assertThat(fails(CHARGE, 20_000).kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
    }

    @Test
    void readsNoMoreThanAMebibyte() throws Exception {
        deploy();
        handler = request -> request.response().setChunked(true).write(Buffer.buffer(new byte[(1 << 20) + 1]));

        var failure = fails(CHARGE, 20_000);

        assertThat(failure.kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(failure).hasMessageContaining("more than 1048576 bytes");
        soon(() -> requests.peek().connection() != null && isClosed(requests.peek()));
    }

    @Test
    void hasNotSentWhatFindsNoConnection() throws Exception {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        deploy();

        var failure = fails(CHARGE, 20_000);

        assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("was not sent");
        assertThat(calls("not-done")).isOne();
    }

    @Test
    void refusesMoreThanMayWaitForAConnection() throws Exception {
        handler = request -> {};
        deploy(Map.of("maxConnections", "1", "maxWaiting", "1"), Map.of());
        var first = mesh.<ParticipantReply>request(address(), CHARGE, within(20_000));
        soon(() -> !requests.isEmpty());
        var second = mesh.<ParticipantReply>request(address(), CHARGE, within(20_000));
        soon(() -> meters.get("participant.waiting").gauge().value() == 2);

        var refused = fails(CHARGE, 20_000);
        requests.remove().response().end("{}").await(20, TimeUnit.SECONDS);
        soon(() -> !requests.isEmpty());
        requests.remove().response().end("{}").await(20, TimeUnit.SECONDS);

        assertThat(refused.kind()).isEqualTo(Failure.Kind.OVERLOADED);
        assertThat(first.await(20, TimeUnit.SECONDS).isRejection()).isFalse();
        assertThat(second.await(20, TimeUnit.SECONDS).isRejection()).isFalse();
    }

    @Test
    void rejectsAPlaceThatIsNotBelowTheUrl() throws Exception {
        deploy();
        var elsewhere = new ParticipantCommand(
                "a/../../admin", "Charge", "id-1", null, "order-fulfilment/o1", "o1", CHARGE.data());

        var reply = ask(elsewhere);

        assertThat(reply.isRejection()).isTrue();
        assertThat(reply.type()).isEqualTo("invalid_place");
        assertThat(requests).isEmpty();
    }

    @Test
    void cutsWhatIsUnderWayWhenItStops() throws Exception {
        handler = request -> {};
        deploy();
        var asked = mesh.<ParticipantReply>request(address(), CHARGE, within(20_000));
        soon(() -> !requests.isEmpty());

        vertx.undeploy(deployed).await(20, TimeUnit.SECONDS);

        assertThat(failure(asked).kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
    }

    @TestFactory
    Stream<DynamicTest> carriesAContractThatIsKept() throws Exception {
        deploy();
        var example = new ExampleParticipant();
        handler = request -> answerFor(example, request, bodies.poll());
        return ParticipantContract.of(this::ask, command -> example.net(command.commandId()))
                .does("charges", "Charge", key -> "{\"orderId\":\"" + key + "\"}")
                .undoneBy("refunds", "Refund", key -> "{\"orderId\":\"" + key + "\"}")
                .tests();
    }

    private static void answerFor(ExampleParticipant example, HttpServerRequest request, Buffer body) {
        var reply = example.ask(new ParticipantCommand(
                request.path(),
                request.getHeader("ce-type"),
                request.getHeader("idempotency-key"),
                request.getHeader("ce-undoes"),
                request.getHeader("ce-source"),
                request.getHeader("ce-correlationid"),
                body.getBytes()));
        if (reply.isRejection()) {
            respond(request, 422, "application/problem+json", "{\"code\":\"" + reply.type() + "\"}");
        } else {
            request.response().putHeader("ce-type", reply.type());
            respond(request, 200, "application/json", new String(reply.data(), UTF_8));
        }
    }

    private void deploy() throws Exception {
        deploy(Map.of(), Map.of());
    }

    private void deploy(Map<String, String> settings, Map<String, String> headers) throws Exception {
        var values = new java.util.HashMap<>(settings);
        values.put("url", "http://127.0.0.1:" + port + "/base");
        var upstream = new HttpUpstream(UpstreamConfig.parse("payments", values, headers), mesh, meters);
        deployed = vertx.deployVerticle(upstream).await(20, TimeUnit.SECONDS);
    }

    private static String address() {
        return Addresses.upstream("payments");
    }

    private static Call within(long millis) {
        return Call.from("saga:order-fulfilment").attempt(1, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private ParticipantReply ask(ParticipantCommand command) throws Exception {
        return mesh.<ParticipantReply>request(address(), command, within(20_000))
                .await(30, TimeUnit.SECONDS);
    }

    private Failure fails(ParticipantCommand command, long millis) throws Exception {
        return failure(mesh.request(address(), command, within(millis)));
    }

    private static Failure failure(Future<ParticipantReply> asked) throws Exception {
        Throwable failed = asked.<Throwable>map(reply -> new AssertionError("answered " + reply))
                .recover(Future::succeededFuture)
                .await(30, TimeUnit.SECONDS);
        assertThat(failed).isInstanceOf(Failure.class);
        return (Failure) failed;
    }

    private long calls(String result) {
        var timer = meters.find("participant.calls").tag("result", result).timer();
        return timer == null ? 0 : timer.count();
    }

    private static boolean isClosed(HttpServerRequest request) {
        return request.response().closed();
    }

    private static Map<String, String> headers(HttpServerRequest request) {
        var headers = new java.util.TreeMap<String, String>();
        MultiMap given = request.headers();
        new ArrayList<>(given.entries())
                .forEach(each -> headers.put(each.getKey().toLowerCase(), each.getValue()));
        return headers;
    }

    private static void respond(HttpServerRequest request, int status, String mediaType, String body) {
        var unused = request.response()
                .setStatusCode(status)
                .putHeader("Content-Type", mediaType)
                .end(body);
    }

    private static void soon(java.util.concurrent.Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }
}
