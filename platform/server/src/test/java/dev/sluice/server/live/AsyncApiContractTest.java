package dev.sluice.server.live;

import static dev.sluice.server.live.MemoryViews.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.contract.AsyncApi;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /asyncapi.json} against the server: every frame of a session is the message that the document has for its op. */
class AsyncApiContractTest {
    private static final AsyncApi ASYNC_API = AsyncApi.ofResource();

    /** By its authors, as it is: npm @asyncapi/specs 6.11.1, schemas/3.0.0-without-$id.json, Apache License 2.0. */
    private static final String META_SCHEMA = "/dev/sluice/contract/asyncapi-3.0.0.json.gz";

    /** Codes of error frames that are those of no {@link Failure}. */
    private static final Set<String> OF_FRAMES =
            Set.of("bad_frame", "unsupported", "limits", "sub_in_use", "unknown_sub", "field_unknown", "gap");

    @TempDir
    Path folder;

    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);
    private final Set<String> sent = new TreeSet<>();
    private final Set<String> received = new TreeSet<>();
    private Log log;
    private LocalEventLog events;
    private TestClient client;

    @BeforeEach
    void start() {
        log = Log.open(folder, LogOptions.defaults());
        events = new LocalEventLog(server.vertx, log, server.mesh, new ReadPool(server.vertx, 1));
        server.vertx.deployVerticle(new ShardVerticle(log, server.mesh)).await();
        server.start(events, views, new LiveOptions(4, 500, 4_096, 500));
        client = TestClient.connect(server.port());
    }

    @AfterEach
    void stop() {
        server.close();
        log.close();
    }

    @Test
    void everyFrameOfASessionIsAsTheDocumentHasIt() {
        send("hello", "{'v':1,'client':'test'}");
        await("welcome");

        readRows();
        readEvents();
        makeMistakes();
        send("ping", "{'t':'x'}");
        await("pong");
        await("ping");
        send("pong", "{'t':1}");
        var drained = server.live().drain();
        await("goodbye");
        drained.await();

        assertThat(client.closeCode()).isEqualTo(1001);
        assertThat(sent).isEqualTo(ASYNC_API.messages("receive"));
        assertThat(received).isEqualTo(ASYNC_API.messages("send"));
    }

    private void readRows() {
        views.commit(numbers("a", 1, "b", 2, "c", 3));
        send("subscribe", "{'sub':1,'to':'projection:rows','mode':'latest','window':10,'minInterval':0,'meta':['at']}");
        await("subscribed");
        await("snapshot");
        String cursor = await("synced").getString("cursor");
        client.roundTrip();
        views.commit(numbers("a", 2, "b", null));
        assertThat(await("delta").containsKey("at")).isTrue();
        send("pause", "{'sub':1}");
        send("resume", "{'sub':1}");
        send("credit", "{'sub':1,'rows':10}");
        send("ack", "{'sub':1,'cursor':'" + cursor + "'}");
        views.rebuild(numbers("a", 1));
        await("reset");
        String before = await("synced").getString("cursor");
        send("subscribe", "{'sub':2,'to':'projection:rows','prefix':'a','numbers':'string','resume':'" + cursor + "'}");
        assertThat(await("subscribed").getString("resumed")).isEqualTo("diff");
        send(
                "change",
                "{'sub':2,'where':'number > 1','fields':['number'],'prefix':null,'keys':['a','b'],'minInterval':9}");
        assertThat(await("subscribed").getString("resumed")).isEqualTo("diff");
        send("change", "{'sub':2,'fields':['none']}");
        assertThat(await("error").getString("code")).isEqualTo("field_unknown");
        send("unsubscribe", "{'sub':2}");
        await("ended");
        views.commit(numbers("a", 2));
        views.commit(numbers("a", 3));
        send("subscribe", "{'sub':2,'to':'projection:rows','mode':'every','resume':'" + before + "'}");
        assertThat(await("error").getString("code")).isEqualTo("gap");
        send("unsubscribe", "{'sub':2}");
        await("ended");
    }

    private void readEvents() {
        append("order-1", "{\"x\":1}");
        send("subscribe", "{'sub':3,'to':'events:$all','mode':'every','last':10,'meta':['at','cursor']}");
        await("subscribed");
        await("delta");
        String cursor = await("checkpoint").getString("cursor");
        send("subscribe", "{'sub':4,'to':'events:category:order','where':'data.x > 1','resume':'" + cursor + "'}");
        await("subscribed");
        append("order-1", "{\"x\":\"text\"}");
        assertThat(await("error").getString("code")).isEqualTo("evaluation_failed");
        send("unsubscribe", "{'sub':4}");
    }

    private void append(String stream, String data) {
        var event = new Event("e", "T", "/t", 0, Event.JSON, Map.of(), null, data.getBytes(StandardCharsets.UTF_8));
        events.append(new Append(null, 0, List.of(new Append.StreamWrite(stream, Expected.ANY, List.of(event)))))
                .await();
    }

    /** Frames that the document does not have, and frames that it has but that cannot be obeyed. */
    private void makeMistakes() {
        client.send("{\"op\":\"dance\"}");
        assertThat(await("error").getString("code")).isEqualTo("bad_frame");
        client.send("{\"op\":\"subscribe\",\"sub\":9,\"to\":\"topic:x\"}");
        assertThat(await("error").getString("code")).isEqualTo("unsupported");
        send("subscribe", "{'sub':1,'to':'projection:rows'}");
        send("subscribe", "{'sub':9,'to':'projection:none'}");
        send("subscribe", "{'sub':9,'to':'projection:rows','where':'number >'}");
        send("subscribe", "{'sub':9,'to':'projection:rows','resume':'x'}");
        client.send("{\"op\":\"subscribe\",\"sub\":9,\"to\":\"events:a\\nb\"}");
        send("credit", "{'sub':9,'rows':1}");
        for (String code : List.of(
                "sub_in_use",
                "projection_not_found",
                "filter_invalid",
                "invalid_cursor",
                "invalid_stream",
                "unknown_sub")) {
            assertThat(await("error").getString("code")).isEqualTo(code);
        }
        views.delete();
        assertThat(await("ended").getString("code")).isEqualTo("projection_deleted");
    }

    /** Sends a frame that the document must have; quotes are single. */
    private void send(String op, String members) {
        var frame = new JsonObject().put("op", op).mergeIn(new JsonObject(members.replace('\'', '"')));
        ASYNC_API.judgeSent(frame);
        sent.add(op);
        client.send(frame);
    }

    private JsonObject await(String op) {
        while (true) {
            JsonObject frame = client.nextOfAny();
            received.add(frame.getString("op"));
            if (frame.getString("op").equals(op)) {
                return frame;
            }
        }
    }

    /** What a client may say is read by the server: a member of a wrong kind is not passed over like an unknown one. */
    @Test
    void everyMemberOfASubscriptionIsRead() {
        send("hello", "{'v':1}");
        await("welcome");
        var members = new TreeSet<>(
                ASYNC_API.payload("subscribe").getJsonObject("properties").fieldNames());
        members.removeAll(Set.of("op", "to"));

        for (String member : members) {
            boolean isOfEvents = member.equals("since") || member.equals("last");
            String frame = "{\"op\":\"subscribe\",\"sub\":1,\"to\":\""
                    + (isOfEvents ? "events:$all" : "projection:rows") + "\",\"" + member + "\":{}}";
            client.send(member.equals("sub") ? frame.replace("\"sub\":1,", "") : frame);

            assertThat(client.next().getString("op")).as(frame).isEqualTo("error");
            client.roundTrip();
        }
    }

    @Test
    void isAnAsyncApiDocument() throws IOException {
        var vertx = Vertx.vertx();
        try (var zipped = new GZIPInputStream(AsyncApi.class.getResourceAsStream(META_SCHEMA))) {
            var meta = new JsonObject(new String(zipped.readAllBytes(), StandardCharsets.UTF_8));

            assertThat(ASYNC_API.document().problemsBy(meta, vertx.fileSystem()))
                    .isEmpty();
        } finally {
            vertx.close().await();
        }
        assertThat(ASYNC_API.document().slips()).isEmpty();
    }

    @Test
    void hasExamplesThatItAllows() {
        var messages = ASYNC_API.document().json().getJsonObject("components").getJsonObject("messages");
        for (String name : messages.fieldNames()) {
            var examples = messages.getJsonObject(name).getJsonArray("examples");
            assertThat(examples).as(name).isNotEmpty();
            for (var example : examples) {
                var frame = ((JsonObject) example).getJsonObject("payload");
                assertThat(ASYNC_API.document().problems(ASYNC_API.payload(name), frame))
                        .as(frame.encode())
                        .isEmpty();
            }
        }
    }

    @Test
    void namesCodesThatThereAre() {
        var codes = ASYNC_API
                .document()
                .json()
                .getJsonObject("components")
                .getJsonObject("schemas")
                .getJsonObject("Code")
                .getJsonArray("enum");
        var known = new TreeSet<>(OF_FRAMES);
        Arrays.stream(Failure.Kind.values()).map(Failure.Kind::code).forEach(known::add);

        assertThat(codes.stream().map(String::valueOf)).isSubsetOf(known).containsAll(OF_FRAMES);
    }
}
