package dev.sluice.server;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.Ingest;
import dev.sluice.ingest.LetterMeters;
import dev.sluice.ingest.Mirror;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.Failure;
import dev.sluice.server.gateway.Health;
import dev.sluice.server.gateway.Info;
import dev.sluice.shard.EventLog;
import dev.sluice.spi.Source;
import dev.sluice.spi.TopicWriter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configured Kafka sources with what reads their dead letters. */
final class KafkaSources implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaSources.class);

    private final Config config;
    private final Vertx vertx;
    private final String logId;
    private final EventLog events;
    private final DeadLetters letters;
    private final MeterRegistry metrics;
    private final List<Source> sources = new ArrayList<>();
    private final List<String> letterReaders = new ArrayList<>();
    private @Nullable TopicWriter deadLetterTopics;

    KafkaSources(
            Config config, Vertx vertx, String logId, EventLog events, DeadLetters letters, MeterRegistry metrics) {
        this.config = config;
        this.vertx = vertx;
        this.logId = logId;
        this.events = events;
        this.letters = letters;
        this.metrics = metrics;
    }

    void start() {
        countLetters();
        if (config.kafkaConnection().isEmpty()) {
            config.sources()
                    .forEach(source -> LOG.warn(
                            "source_idle name={} reason=\"kafka.bootstrapServers is not set\"", source.name()));
            return;
        }
        Source.Factory factory = connector();
        config.sources().forEach(source -> startSource(factory, source));
        startMirrors(factory);
    }

    /** What reads and writes topics. */
    static Source.Factory connector() {
        for (Source.Factory factory : ServiceLoader.load(Source.Factory.class)) {
            if (factory.kind().equals("kafka")) {
                return factory;
            }
        }
        throw Failure.of(
                Failure.Kind.CONFIG_INVALID,
                "found no Kafka connector on the class path, expected the distribution's own");
    }

    private void startSource(Source.Factory factory, SourceConfig source) {
        Source started = factory.create(
                source.name(),
                source.topics(),
                source.topicPattern(),
                config.kafkaConnection(),
                "sluice-" + logId + "-" + source.name(),
                source.onOffsetLossEarliest());
        var ingest = new Ingest(source, events, Math.toIntExact(config.size(ConfigKey.LOG_MAX_EVENT)), metrics);
        ingest.observe(started);
        sources.add(started);
        started.start(ingest);
    }

    private void countLetters() {
        config.sources()
                .forEach(source -> letterReaders.add(Wiring.await(
                        vertx.deployVerticle(new LetterMeters(source, events, letters, metrics), Wiring.onWorker()))));
    }

    private void startMirrors(Source.Factory factory) {
        List<SourceConfig> mirrored = config.sources().stream()
                .filter(source -> !source.refused().topic().isEmpty())
                .toList();
        if (!mirrored.isEmpty()) {
            TopicWriter writer = factory.writer(config.kafkaConnection());
            deadLetterTopics = writer;
            mirrored.forEach(source -> letterReaders.add(Wiring.await(
                    vertx.deployVerticle(new Mirror(source, events, writer, metrics), Wiring.onWorker()))));
        }
    }

    Future<?> stopLetterReaders() {
        TopicWriter writer = deadLetterTopics;
        if (writer != null) {
            writer.close();
        }
        return Future.join(letterReaders.stream().map(vertx::undeploy).toList());
    }

    /** What is to be said of Kafka, null when it is not configured. */
    Info.@Nullable Kafka info() {
        if (config.kafkaConnection().isEmpty()) {
            return null;
        }
        List<Info.KafkaSource> states = sources.stream()
                .map(Source::status)
                .map(state -> new Info.KafkaSource(
                        state.name(), state.topics(), state.connected(), state.lag(), state.problem()))
                .toList();
        return new Info.Kafka(
                config.text(ConfigKey.KAFKA_BOOTSTRAP_SERVERS),
                !states.isEmpty() && states.stream().allMatch(Info.KafkaSource::connected),
                states);
    }

    List<Health.Check> checks() {
        return sources.stream()
                .map(Source::status)
                .map(state -> {
                    boolean isWell = state.connected() && state.problem() == null;
                    return new Health.Check(
                            "source-" + state.name(),
                            isWell ? Health.Status.UP : Health.Status.DEGRADED,
                            state.problem());
                })
                .toList();
    }

    /** Ends the reading of topics; what was polled is finished. */
    @Override
    public void close() {
        sources.forEach(Source::close);
    }
}
