package dev.sluice.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.saga.SagaProvider;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Publication;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.SagaCode;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A server with the saga {@code delivery} (reserve, then ship, its pivot), whose participants do as a test tells them. */
public final class Deliveries implements AutoCloseable {
    /** What participants can do with a command. */
    public enum Manner {
        DO,
        REJECT,
        FAIL
    }

    private final Wiring wiring;
    private static volatile boolean isPoisoned = true;

    private volatile Function<ParticipantCommand, Manner> manner = command -> Manner.DO;

    /** What the jar of the test has. */
    public static final class Provider implements SagaProvider {
        @Override
        public List<SagaDefinition> sagas() {
            return List.of(definition());
        }
    }

    private Deliveries(Wiring wiring) {
        this.wiring = wiring;
        for (String address : List.of("stock", "carrier")) {
            wiring.mesh().consumer(address, ParticipantCommand.class, this::take);
        }
    }

    public static Deliveries in(Path folder) {
        isPoisoned = true;
        var usual = Thread.currentThread().getContextClassLoader();
        try {
            var services = Files.createDirectories(folder.resolve("jar/META-INF/services"));
            Files.writeString(services.resolve(SagaProvider.class.getName()), Provider.class.getName());
            var flags = new LinkedHashMap<String, String>();
            flags.put("http.port", "0");
            flags.put("data.dir", folder.resolve("data").toString());
            try (var loader =
                    new URLClassLoader(new URL[] {folder.resolve("jar/").toUri().toURL()}, usual)) {
                Thread.currentThread().setContextClassLoader(loader);
                return new Deliveries(Wiring.start(Config.load(null, null, Map.of(), flags)));
            }
        } catch (IOException broken) {
            throw new AssertionError(broken);
        } finally {
            Thread.currentThread().setContextClassLoader(usual);
        }
    }

    public int port() {
        return wiring.port();
    }

    public void manner(Function<ParticipantCommand, Manner> chosen) {
        manner = chosen;
    }

    /** Whether the saga's code breaks on events that say {@code poison}; it does at first. */
    public void poisoned(boolean is) {
        isPoisoned = is;
    }

    private Future<ParticipantReply> take(ParticipantCommand command) {
        return switch (manner.apply(command)) {
            case DO ->
                Future.succeededFuture(new ParticipantReply(
                        false, command.type() + "Done", "{\"ok\":true}".getBytes(StandardCharsets.UTF_8)));
            case REJECT ->
                Future.succeededFuture(new ParticipantReply(true, "refused", "{}".getBytes(StandardCharsets.UTF_8)));
            case FAIL -> Future.failedFuture(new IllegalStateException("broken"));
        };
    }

    private static SagaDefinition definition() {
        var retry = new Retry(Duration.ofMillis(5), 2, Duration.ofMillis(20), 0, 2, null);
        var reserve = new Step(
                "reserve",
                Step.Kind.COMPENSATABLE,
                false,
                false,
                send("reserve", retry),
                send("release", retry),
                null,
                null,
                null);
        var ship = new Step("ship", Step.Kind.PIVOT, false, false, send("ship", retry), null, null, null, null);
        return new SagaDefinition(
                new Structure(
                        "delivery",
                        1,
                        new Trigger("start", "DeliveryWanted"),
                        List.of(new Trigger("cancel", "DeliveryCancelled")),
                        null,
                        true,
                        Structure.STUCK_AFTER,
                        Structure.HOLD_EARLY,
                        null,
                        List.of(List.of(reserve), List.of(ship)),
                        false,
                        false,
                        Map.of()),
                new Code());
    }

    private static Send send(String type, Retry retry) {
        return new Send(type, Send.Target.BUS, List.of(), List.of(), Duration.ofSeconds(5), retry);
    }

    private record Code() implements SagaCode {
        @Override
        public @Nullable String key(Trigger trigger, ReceivedEvent event) {
            if (isPoisoned && event.data().path("poison").asBoolean()) {
                throw new IllegalStateException("poison");
            }
            return event.data().path("id").textValue();
        }

        @Override
        public JsonNode begin(ReceivedEvent event) {
            return event.data();
        }

        @Override
        public boolean applies(Step step, JsonNode state) {
            return true;
        }

        @Override
        public Outgoing command(Step step, JsonNode state) {
            return new Outgoing(step.name().equals("reserve") ? "bus:stock" : "bus:carrier", state);
        }

        @Override
        public Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply) {
            return new Outgoing("bus:stock", state);
        }

        @Override
        public Outgoing probe(Step step, JsonNode state) {
            return command(step, state);
        }

        @Override
        public JsonNode replied(Step step, JsonNode state, String type, JsonNode reply) {
            return ((ObjectNode) state.deepCopy()).put(step.name(), type);
        }

        @Override
        public JsonNode received(Step step, JsonNode state, ReceivedEvent event) {
            return state;
        }

        @Override
        public Publication publication(boolean isCompensated, JsonNode state) {
            return new Publication("ended-1", "Ended", state);
        }
    }

    @Override
    public void close() {
        wiring.close();
    }
}
