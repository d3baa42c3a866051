package dev.sluice.kafka;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.Ingest;
import dev.sluice.ingest.Mirror;
import dev.sluice.ingest.NoProjections;
import dev.sluice.ingest.NoSagas;
import dev.sluice.ingest.Resolver;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventPage;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.shard.EventLog;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import dev.sluice.spi.Source;
import dev.sluice.spi.TopicWriter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The way of an event from a topic into the log, put together as the server does. */
final class Pipeline implements AutoCloseable {
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final Log log;
    final EventLog events;
    final Source source;
    final DeadLetters letters;
    final Resolver resolver;

    private final Vertx vertx = Vertx.vertx();
    private final SourceConfig config;
    private final Map<String, String> connection;
    private @Nullable TopicWriter writer;

    Pipeline(Path folder, int shards, String bootstrapServers, SourceConfig config) throws Exception {
        this.config = config;
        this.connection = Map.of("bootstrapServers", bootstrapServers);
        var options = LogOptions.defaults().withShards(shards);
        log = Log.open(folder, options);
        var mesh = EventBusMesh.on(vertx);
        vertx.deployVerticle(new ShardVerticle(log, mesh)).await(30, TimeUnit.SECONDS);
        events = new LocalEventLog(vertx, log, mesh, new ReadPool(vertx, 2));
        letters = new DeadLetters(events, new NoProjections(true));
        resolver = new Resolver(events, letters, List.of(config), options.maxEventBytes(), new NoSagas());
        var ingest = new Ingest(config, events, options.maxEventBytes(), meters);
        source = new KafkaSourceFactory()
                .create(
                        config.name(),
                        config.topics(),
                        config.pattern(),
                        connection,
                        "sluice-" + log.id() + "-" + config.name(),
                        config.onOffsetLossEarliest());
        source.start(ingest);
        ingest.observe(source);
    }

    /** Begins to mirror dead letters. */
    void mirror() throws TimeoutException {
        writer = new KafkaSourceFactory().writer(connection);
        var onWorker = new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER);
        vertx.deployVerticle(new Mirror(config, events, writer, meters), onWorker)
                .await(30, TimeUnit.SECONDS);
    }

    /** All events of a selection, shard by shard. */
    List<RecordedEvent> all(Selection selection) {
        var all = new ArrayList<RecordedEvent>();
        Cursor after = null;
        EventPage page;
        do {
            page = log.read(new EventQuery(
                    selection, after, null, EventQuery.Direction.FORWARD, 1_000, Integer.MAX_VALUE, null));
            all.addAll(page.events());
            after = page.next();
        } while (!page.end());
        return all;
    }

    long count(String result) {
        return (long)
                meters.get("source.records").tag("result", result).counter().count();
    }

    @Override
    public void close() {
        source.close();
        try {
            if (writer != null) {
                writer.close();
            }
            vertx.close().await(30, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new IllegalStateException(late);
        }
        log.close();
    }
}
