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
import dev.sluice.spi.Source;
import dev.sluice.spi.Source.RawRecord;
import dev.sluice.spi.TopicWriter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Commands and replies between the mesh and topics in memory. */
class CommandTopicTest {
    private final Vertx vertx = Vertx.vertx();
    private final Mesh mesh = EventBusMesh.on(vertx);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Topics topics = new Topics();
    private CommandTopic topic;
    private String deployed;

    @BeforeEach
    void deploy() throws Exception {
        var config = CommandTopicConfig.parse(Map.of("topic", "shipping", "maxWaiting", "2"));
        topic = new CommandTopic(config, mesh, topics, topics, meters);
        deployed = vertx.deployVerticle(topic).await(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void sendsNothingBeforeItReadsTheReplies() throws Exception {
        assertThat(topic.problem()).contains("shipping.replies is not found yet");
        assertThat(failure(ask("id-1")).kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        topics.ready();
        topics.problem = "found no topic shipping.replies";
        assertThat(failure(ask("id-1"))).hasMessageContaining("found no topic shipping.replies");
        topics.problem = null;
        topics.connected = false;
        assertThat(failure(ask("id-1"))).hasMessageContaining("no broker answers");

        assertThat(topics.written).isEmpty();
        assertThat(calls("not-done")).isEqualTo(3);
    }

    @Test
    void writesTheCommandAsACloudEvent() throws Exception {
        topics.ready();
        var undo = new ParticipantCommand(
                "", "CancelShipment", "id-2", "id-1", "order-fulfilment/o/1", "c-1", "{\"n\":1}".getBytes(UTF_8));

        var unused = mesh.request(
                Addresses.commandTopic("shipping"), undo, within(20_000).withTraceparent("00-aa-bb-01"));
        soon(() -> !topics.written.isEmpty());

        var written = topics.written.remove();
        assertThat(written.key()).asString(UTF_8).isEqualTo("o/1");
        assertThat(written.value()).asString(UTF_8).isEqualTo("{\"n\":1}");
        var headers = new LinkedHashMap<String, String>();
        written.headers().forEach(header -> headers.put(header.name(), new String(header.value(), UTF_8)));
        assertThat(headers)
                .isEqualTo(Map.of(
                        "content-type", "application/json",
                        "ce_specversion", "1.0",
                        "ce_id", "id-2",
                        "ce_type", "CancelShipment",
                        "ce_source", "/sagas/order-fulfilment",
                        "ce_commandid", "id-2",
                        "ce_undoes", "id-1",
                        "ce_correlationid", "c-1",
                        "ce_replyto", "shipping.replies",
                        "traceparent", "00-aa-bb-01"));
    }

    @Test
    void completesWithTheReplyThatHasItsId() throws Exception {
        topics.ready();
        var shipped = ask("id-1");
        var refused = ask("id-2");
        soon(() -> topics.written.size() == 2);

        topics.reply("{\"message\":\"no such address\"}", "ce_commandid", "id-2", "ce_rejected", "Undeliverable");
        topics.reply("{\"tracking\":1.10}", "ce_commandid", "id-1", "ce_type", "Shipped");

        var reply = shipped.await(20, TimeUnit.SECONDS);
        assertThat(reply.isRejection()).isFalse();
        assertThat(reply.type()).isEqualTo("Shipped");
        assertThat(reply.data()).asString(UTF_8).isEqualTo("{\"tracking\":1.10}");
        var rejection = refused.await(20, TimeUnit.SECONDS);
        assertThat(rejection.isRejection()).isTrue();
        assertThat(rejection.type()).isEqualTo("Undeliverable");
        assertThat(rejection.data()).asString(UTF_8).isEqualTo("{\"message\":\"no such address\"}");
        assertThat(replies("answered")).isEqualTo(2);
        assertThat(meters.get("participant.waiting").gauge().value()).isZero();
    }

    @Test
    void readsAReplyWithoutTypeAndValue() throws Exception {
        topics.ready();
        var asked = ask("id-1");
        soon(() -> topics.written.size() == 1);

        topics.reply(null, "ce_commandid", "id-1");

        var reply = asked.await(20, TimeUnit.SECONDS);
        assertThat(reply.type()).isEmpty();
        assertThat(reply.data()).asString(UTF_8).isEqualTo("{}");
    }

    @Test
    void knowsNothingAfterTheDeadlineAndDropsTheLateReply() throws Exception {
        topics.ready();

        var failure = failure(mesh.request(Addresses.commandTopic("shipping"), command("id-1"), within(30)));
        soon(() -> calls("unknown") == 1);
        topics.reply("{}", "ce_commandid", "id-1");
        topics.reply("{}", "ce_commandid", "of-another");
        topics.reply("{}", "ce_type", "Shipped");

        assertThat(failure.kind()).isIn(Failure.Kind.OUTCOME_UNKNOWN, Failure.Kind.DEADLINE_EXCEEDED);
        soon(() -> replies("dropped") == 3);
    }

    @Test
    void knowsNothingAfterAReplyThatCannotBeRead() throws Exception {
        topics.ready();
        var asked = ask("id-1");
        soon(() -> topics.written.size() == 1);

        topics.reply("<html>", "ce_commandid", "id-1", "ce_rejected", "Undeliverable");

        assertThat(failure(asked).kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(replies("unreadable")).isOne();
    }

    @Test
    void takesOnlySoManyThatWait() throws Exception {
        topics.ready();
        var first = ask("id-1");
        var second = ask("id-2");
        soon(() -> topics.written.size() == 2);

        assertThat(failure(ask("id-3")).kind()).isEqualTo(Failure.Kind.OVERLOADED);
        topics.reply("{}", "ce_commandid", "id-1");
        first.await(20, TimeUnit.SECONDS);
        var fourth = ask("id-4");
        soon(() -> topics.written.size() == 3);

        assertThat(second.isComplete() || fourth.isComplete()).isFalse();
    }

    @Test
    void letsTheLaterOfTwoWaitThatHaveTheSameId() throws Exception {
        topics.ready();
        var first = ask("id-1");
        soon(() -> topics.written.size() == 1);
        var second = ask("id-1");
        soon(() -> topics.written.size() == 2);

        topics.reply("{}", "ce_commandid", "id-1", "ce_type", "Shipped");

        assertThat(failure(first).kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(second.await(20, TimeUnit.SECONDS).type()).isEqualTo("Shipped");
    }

    @Test
    void saysWhatTheWriterSays() throws Exception {
        topics.ready();
        topics.refusal = Failure.of(Failure.Kind.UNAVAILABLE, "not sent");

        assertThat(failure(ask("id-1"))).isSameAs(topics.refusal);
    }

    @Test
    void keepsWhatHasNotLeftByTheDeadlineFromBeingSent() throws Exception {
        topics.ready();
        topics.isSlow = true;

        failure(mesh.request(Addresses.commandTopic("shipping"), command("id-1"), within(30)));

        soon(() -> topics.lastAnswer.isCancelled());
    }

    @Test
    void leavesUnknownWhatWaitsWhenItStops() throws Exception {
        topics.ready();
        var asked = ask("id-1");
        soon(() -> topics.written.size() == 1);

        vertx.undeploy(deployed).await(20, TimeUnit.SECONDS);

        assertThat(failure(asked).kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(topics.closes).hasValue(2);
    }

    private Future<ParticipantReply> ask(String id) {
        return mesh.request(Addresses.commandTopic("shipping"), command(id), within(20_000));
    }

    private static ParticipantCommand command(String id) {
        return new ParticipantCommand("", "Ship", id, null, "order-fulfilment/o1", "c-1", "{}".getBytes(UTF_8));
    }

    private static Call within(long millis) {
        return Call.PLAIN.attempt(1, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
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

    private double replies(String result) {
        return meters.get("participant.replies").tag("result", result).counter().count();
    }

    private static void soon(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }

    /** Both topics: what is written is kept, what is to be read is handed over. */
    private static final class Topics implements TopicWriter, Source {
        private static final Partition REPLIES = new Partition("cluster", "topic", "shipping.replies", 0);

        private final ConcurrentLinkedQueue<RawRecord> written = new ConcurrentLinkedQueue<>();
        private volatile @Nullable String problem;
        private volatile boolean connected = true;
        private volatile boolean isSlow;
        private volatile @Nullable Failure refusal;
        private volatile CompletableFuture<Void> lastAnswer = new CompletableFuture<>();
        private final AtomicInteger closes = new AtomicInteger();
        private @Nullable Sink sink;
        private long next;

        @Override
        public void start(Sink given) {
            sink = given;
        }

        void ready() {
            sink.position(REPLIES).toCompletableFuture().join();
            hand(List.of());
        }

        void reply(@Nullable String value, String... headers) {
            var given = new java.util.ArrayList<Header>();
            for (int i = 0; i < headers.length; i += 2) {
                given.add(new Header(headers[i], headers[i + 1].getBytes(UTF_8)));
            }
            hand(List.of(new RawRecord(next++, 0, null, value == null ? null : value.getBytes(UTF_8), given)));
        }

        private void hand(List<RawRecord> read) {
            sink.accept(new Poll(REPLIES, next - read.size(), next, read))
                    .toCompletableFuture()
                    .join();
        }

        @Override
        public CompletionStage<Void> write(String topic, RawRecord record) {
            var answer = new CompletableFuture<Void>();
            lastAnswer = answer;
            if (refusal != null) {
                answer.completeExceptionally(refusal);
            } else if (!isSlow) {
                written.add(record);
                answer.complete(null);
            }
            return answer;
        }

        @Override
        public Status status() {
            return new Status("replies", List.of("shipping.replies"), connected, 0, problem);
        }

        @Override
        public void close() {
            closes.incrementAndGet();
        }
    }
}
