package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.examples.CustomerStanding.Best;
import dev.sluice.examples.CustomerStanding.Customer;
import dev.sluice.examples.CustomerStanding.Standing;
import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.projection.Answer;
import dev.sluice.projection.ProjectionProvider;
import dev.sluice.projection.ProjectionRoom;
import dev.sluice.projection.Queries.Keyed;
import dev.sluice.projection.Query;
import dev.sluice.projection.ViewMemory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A projection in Java, from the class to an answered query: log, bus and room are all it takes. */
class CustomerStandingTest {
    private static final long PATIENCE_MILLIS = 30_000;

    @TempDir
    Path folder;

    private Vertx vertx;
    private EventBusMesh mesh;
    private Log log;
    private ProjectionRoom projections;

    @BeforeEach
    void open() {
        vertx = Vertx.vertx();
        mesh = EventBusMesh.on(vertx);
        log = Log.open(folder.resolve("log"), LogOptions.defaults());
        projections = new ProjectionRoom(
                vertx,
                log,
                folder.resolve("views"),
                Duration.ofSeconds(30),
                ViewMemory.of(16 << 20),
                mesh,
                new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        projections.close();
        log.close();
        await(vertx.close());
    }

    @Test
    void onceGoldAlwaysGold() {
        await(projections.register(CustomerStanding.CUSTOMERS));

        append("order-1", "OrderPlaced", "{\"customerId\":\"ann\",\"total\":999.50}");
        append("order-2", "OrderPlaced", "{\"customerId\":\"ann\",\"total\":0.50}");
        append("order-3", "OrderPlaced", "{\"customerId\":\"bob\",\"total\":5}");
        append("customer-eve", "CustomerForgotten", "{\"customerId\":\"eve\"}");
        var after = append("order-1", "OrderRefunded", "{\"customerId\":\"ann\",\"amount\":999.50}");

        var row = await(projections
                .query(CustomerStanding.CUSTOMERS)
                .after(after, PATIENCE_MILLIS)
                .row("ann"));
        Answer<List<Keyed<Customer>>> best = await(mesh.request(
                Addresses.query("customer-standing", "best"),
                Query.of(new Best(1)).after(after, PATIENCE_MILLIS)));
        assertThat(row.value()).contains(new Customer(2, new BigDecimal("0.50"), Standing.GOLD));
        assertThat(best.value()).extracting(Keyed::key).containsExactly("bob");
        assertThat(best.cursor().covers(after)).isTrue();
    }

    @Test
    void isFoundOnTheClassPath() {
        assertThat(ServiceLoader.load(ProjectionProvider.class))
                .flatExtracting(ProjectionProvider::projections)
                .containsExactly(CustomerStanding.CUSTOMERS);
    }

    @Test
    void isWhatTheDocumentationShows() throws IOException {
        String docs = Files.readString(Path.of("../docs/projections.md"));
        String source = Files.readString(Path.of("src/main/java/dev/sluice/examples/CustomerStanding.java"));

        var shown = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(docs);

        assertThat(shown.find()).isTrue();
        assertThat(source).contains(shown.group(1));
    }

    private Cursor append(String stream, String type, String json) {
        var event = new Event(
                UUID.randomUUID().toString(),
                type,
                "/shop",
                1_700_000_000_000_000L,
                Event.JSON,
                Map.of(),
                null,
                json.getBytes(StandardCharsets.UTF_8));
        return log.append(Append.to(stream, Expected.ANY, List.of(event)))
                .toCompletableFuture()
                .join()
                .cursor();
    }

    private static <T> T await(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
