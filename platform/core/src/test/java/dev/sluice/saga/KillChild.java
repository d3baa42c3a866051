package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.bus.Call;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.command.CommandRoom;
import dev.sluice.ingest.Resolver;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The process that is killed: a log, aggregates and sagas in a folder. Over a socket, a line of JSON for each message, it asks the participants in
 * the parent, and does what the parent asks.
 */
final class KillChild {
    static final int SHARDS = 2;
    static final List<String> STEPS = List.of("reserve", "pack", "label", "charge", "ship", "confirm", KillErrand.NAME);
    /** {@code PLACE:COUNT}: ends the process when the engine is there for that time. */
    static final String FAILPOINT = "saga.failpoint";

    /** The code tells keys that it could not tell before. */
    static final String HEALED = "saga.healed";

    private static final String NAME = "order-fulfilment";

    static final SagaDefinition DEFINITION = Sagas.of(NAME, 1)
            .timeout(KillParticipants.TIMEOUT)
            .within(Duration.ofMinutes(10))
            .patience(Duration.ofSeconds(2))
            .maxRunning(8)
            .dyingBy(() -> Runtime.getRuntime().halt(1))
            .step("reserve")
            .shelf("Hold", "Free")
            .parallel("pack", "label")
            .await("payment", "Paid", Duration.ofSeconds(4))
            .sleep("rest", Duration.ofMillis(30))
            .step("charge")
            .doubtful("ship")
            .retriable("confirm")
            .publishing()
            .healed(Boolean.getBoolean(HEALED))
            .build();

    static final List<SagaDefinition> DEFINITIONS = List.of(DEFINITION, KillErrand.DEFINITION);
    private static final List<String> RETRIED = List.of(DeadLetter.KEY_FAILED, DeadLetter.EXPIRED);
    private static final int MAX_LETTERS = 100;

    /** Under the same version, which must not be. */
    private static final SagaDefinition OTHER =
            Sagas.of(NAME, 1).step("reserve").pivot("ship").build();

    /** The count of errands that have not ended. */
    static final String ERRANDS = "errands";

    private static final SagaLimits LIMITS = new SagaLimits(256, 64, 1 << 20, Duration.ofSeconds(1), 1 << 20);
    private static final LongSupplier CLOCK = LogOptions.defaults().clockMicros();

    private final Vertx vertx = Vertx.vertx();
    private final EventBusMesh mesh = EventBusMesh.on(vertx);
    private final Socket socket;
    private final OutputStream out;
    private final Map<Long, Promise<ParticipantReply>> asked = new ConcurrentHashMap<>();
    private final AtomicLong questions = new AtomicLong();
    private final Log log;
    private final LocalEventLog events;
    private final CountedRows reads;
    private final SagaRoom room;
    private final SagaLetters letters;

    public static void main(String[] args) throws IOException {
        new KillChild(Path.of(args[0]), Integer.parseInt(args[1])).serve();
    }

    private KillChild(Path folder, int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        out = socket.getOutputStream();
        log = Log.open(folder, LogOptions.defaults().withShards(SHARDS));
        var pool = new ReadPool(vertx, 2);
        events = new LocalEventLog(vertx, log, mesh, pool);
        SagaHouse.answer(vertx.deployVerticle(new ShardVerticle(log, mesh)));
        var metrics = new SimpleMeterRegistry();
        new CommandRoom(events, mesh, pool, 100, metrics).register(Shelf.aggregate());
        STEPS.forEach(step -> mesh.consumer(
                step, ParticipantCommand.class, (ParticipantCommand command, Call call) -> ask(step, command)));
        reads = new CountedRows(events);
        room = new SagaRoom(vertx, reads.log(), mesh, LIMITS, CLOCK, metrics, failpoint());
        letters = new SagaLetters(() -> events, () -> room);
    }

    private static Failpoints failpoint() {
        String chosen = System.getProperty(FAILPOINT);
        if (chosen == null) {
            return Failpoints.NONE;
        }
        var place = Failpoints.Place.valueOf(chosen.substring(0, chosen.indexOf(':')));
        var left = new AtomicLong(Long.parseLong(chosen.substring(chosen.indexOf(':') + 1)));
        return reached -> {
            if (reached == place && left.decrementAndGet() == 0) {
                Runtime.getRuntime().halt(1);
            }
        };
    }

    private void serve() throws IOException {
        var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        var starting = refuseOther()
                .compose(refused -> room.register(DEFINITION))
                .compose(known -> room.register(KillErrand.DEFINITION))
                .compose(known -> room.start());
        starting.onSuccess(this::ready).onFailure(failed -> {
            throw new IllegalStateException(failed);
        });
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            var message = Json.MAPPER.readTree(line);
            if (message.has("answer")) {
                answered(message);
            } else {
                reply(message.path("n").longValue(), done(message));
            }
        }
        Runtime.getRuntime().halt(2); // the parent is gone
    }

    /** I35: once the version is in the log, another content is refused, whoever comes first after a restart. */
    private Future<Void> refuseOther() {
        if (log.readStream("$saga-definition." + NAME, 1, EventQuery.Direction.FORWARD, 1)
                .isEmpty()) {
            return Future.succeededFuture();
        }
        return room.register(OTHER).transform(other -> {
            boolean isRefused = other.cause() instanceof Failure failure
                    && failure.kind() == Failure.Kind.DEFINITION_INVALID
                    && room.definitions().isEmpty();
            check(isRefused, "I35: found another content of version 1 " + other + ", expected it refused");
            return Future.succeededFuture();
        });
    }

    /** I38: it has started without a look at the instances; what it sends and waits for has rows of its own. */
    private void ready(@Nullable Void started) {
        long instances = reads.count(RowKeys.INSTANCES) + reads.count(RowKeys.STATUSES);
        check(instances == 0, "I38: found " + instances + " rows of instances read by a start, expected none");
        say(Json.MAPPER.createObjectNode().put("ready", true));
    }

    private void check(boolean holds, String problem) {
        if (!holds) {
            say(Json.MAPPER.createObjectNode().put("broken", problem));
        }
    }

    private Future<ParticipantReply> ask(String step, ParticipantCommand command) {
        long number = questions.incrementAndGet();
        Promise<ParticipantReply> answer = Promise.promise();
        asked.put(number, answer);
        say(Json.MAPPER
                .createObjectNode()
                .put("ask", number)
                .put("step", step)
                .put("id", command.commandId())
                .put("undoes", command.undoes())
                .put("instance", command.saga()));
        return answer.future();
    }

    private void answered(JsonNode message) {
        var answer = asked.remove(message.path("answer").longValue());
        if (answer == null) {
            return; // answered before
        }
        if (message.has("fails")) {
            answer.fail("broken");
        } else {
            boolean isRejection = message.path("rejects").booleanValue();
            answer.complete(new ParticipantReply(
                    isRejection, isRejection ? "refused" : "Done", "{}".getBytes(StandardCharsets.UTF_8)));
        }
    }

    private Future<JsonNode> done(JsonNode message) {
        return switch (message.path("do").textValue()) {
            case "append" -> append(message).map(appended -> Json.MAPPER.createObjectNode());
            case "act" -> act(message);
            case "parked" -> parked();
            case "running" -> list(NAME, Status.RUNNING).map(list -> list);
            case "counts" -> counts();
            case "condemned" -> condemned();
            case "retry" -> retry();
            case "stop" -> stop();
            default -> throw new IllegalStateException("found " + message);
        };
    }

    private Future<?> append(JsonNode message) {
        String id = message.path("id").textValue();
        var event = new Event(
                id,
                message.path("type").textValue(),
                "/test",
                CLOCK.getAsLong(),
                Event.JSON,
                Map.of(),
                null,
                Json.bytes(message.path("data")));
        return events.append(new Append(
                id,
                id.hashCode(),
                List.of(new Append.StreamWrite(message.path("stream").textValue(), Expected.ANY, List.of(event)))));
    }

    private Future<JsonNode> act(JsonNode message) {
        var verb = Input.Verb.valueOf(message.path("verb").textValue());
        var action = new Input.OperatorAction(
                message.path("id").textValue(),
                verb,
                "ann",
                "a test",
                null,
                verb == Input.Verb.RESOLVE ? Json.MAPPER.createObjectNode() : null);
        return room.act(message.path("saga").textValue(), message.path("key").textValue(), action)
                .map(after -> Json.MAPPER.createObjectNode());
    }

    private Future<JsonNode> parked() {
        var lists = DEFINITIONS.stream()
                .map(each -> list(each.name(), Status.PARKED))
                .toList();
        return Future.all(lists).map(all -> {
            var parked = Json.MAPPER.createArrayNode();
            lists.forEach(list -> parked.addAll(list.result()));
            return parked;
        });
    }

    private Future<ArrayNode> list(String saga, Status status) {
        var query = new InstanceQuery(saga, Set.of(status), null, null, Set.of());
        return room.list(query, "", 500).map(page -> {
            var list = Json.MAPPER.createArrayNode();
            page.instances().forEach(each -> list.add(told(each)));
            return list;
        });
    }

    private static ObjectNode told(Instance instance) {
        var told = Json.MAPPER.createObjectNode().put("saga", instance.saga()).put("key", instance.key());
        var parked = instance.parked();
        return parked == null
                ? told
                : told.put("reason", parked.reason().name())
                        .put("step", parked.step())
                        .put("direction", parked.direction().name());
    }

    private Future<JsonNode> counts() {
        var counts = new HashMap<String, Long>();
        room.counts(DEFINITION.name()).forEach((status, count) -> counts.put(status.name(), count));
        counts.put(
                ERRANDS,
                room.counts(KillErrand.NAME).entrySet().stream()
                        .filter(each -> !each.getKey().isEnded())
                        .mapToLong(Map.Entry::getValue)
                        .sum());
        return Future.succeededFuture(Json.MAPPER.valueToTree(counts));
    }

    /** The keys of events that were given up because the process ended whenever they came. */
    private Future<JsonNode> condemned() {
        var reads = new ArrayList<Future<List<RecordedEvent>>>();
        for (int shard = 0; shard < SHARDS; shard++) {
            reads.add(events.readStream(
                    DeadLetter.stream(DEFINITION.name(), shard), 1, EventQuery.Direction.FORWARD, 10_000));
        }
        return Future.all(reads).map(all -> {
            var keys = Json.MAPPER.createArrayNode();
            reads.stream()
                    .flatMap(read -> read.result().stream())
                    .map(Json::data)
                    .filter(letter -> letter.path("reason").textValue().equals(DeadLetter.CRASHES))
                    .forEach(letter -> keys.add(letter.path("key").textValue()));
            return keys;
        });
    }

    /**
     * Tries the dead letters again that there are; how many are open then, and how many were taken. Those of instances that never begin come back for
     * ever, and are not counted.
     */
    private Future<JsonNode> retry() {
        var retries = RETRIED.stream()
                .map(reason -> letters.resolver()
                        .resolveAll(SagaLetters.filter(NAME, reason), Resolver.Verb.RETRY, MAX_LETTERS, null))
                .toList();
        return Future.join(retries)
                .transform(done -> condemned())
                .compose(condemned -> open(condemned))
                .map(open -> Json.MAPPER
                        .createObjectNode()
                        .put("open", open)
                        .put(
                                "retried",
                                retries.stream()
                                        .filter(Future::succeeded)
                                        .mapToInt(part -> part.result().done().retried())
                                        .sum()));
    }

    private Future<Integer> open(JsonNode condemned) {
        var never = condemned.valueStream().map(JsonNode::textValue).toList();
        var lists = RETRIED.stream().map(reason -> letters.open(NAME, reason)).toList();
        return Future.all(lists).map(all -> lists.stream()
                .flatMap(list -> list.result().stream())
                .filter(letter ->
                        !never.contains(Json.data(letter.event()).path("key").asText("")))
                .toList()
                .size());
    }

    private Future<JsonNode> stop() {
        return room.close().map(closed -> {
            log.close();
            vertx.setTimer(100, told -> Runtime.getRuntime().halt(0));
            return Json.MAPPER.createObjectNode();
        });
    }

    private void reply(long number, Future<JsonNode> done) {
        done.onComplete(reply -> {
            var message = Json.MAPPER.createObjectNode().put("n", number);
            if (reply.succeeded()) {
                say(message.set("done", reply.result()));
            } else {
                say(message.put("failed", String.valueOf(reply.cause().getMessage())));
            }
        });
    }

    private void say(@Nullable JsonNode message) {
        synchronized (out) {
            try {
                out.write((message + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException gone) {
                Runtime.getRuntime().halt(2);
            }
        }
    }
}
