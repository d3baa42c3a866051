package dev.sluice.server;

import dev.sluice.bus.Mesh;
import dev.sluice.participant.CommandTopic;
import dev.sluice.participant.CommandTopicConfig;
import dev.sluice.participant.HttpUpstream;
import dev.sluice.server.gateway.Health;
import dev.sluice.spi.Source;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What sagas reach outside: the configured HTTP upstreams and command topics. */
final class Participants implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Participants.class);

    private final Config config;
    private final Vertx vertx;
    private final String logId;
    private final Mesh mesh;
    private final MeterRegistry metrics;
    private final List<String> deployed = new ArrayList<>();
    private final Map<String, CommandTopic> topics = new LinkedHashMap<>();

    Participants(Config config, Vertx vertx, String logId, Mesh mesh, MeterRegistry metrics) {
        this.config = config;
        this.vertx = vertx;
        this.logId = logId;
        this.mesh = mesh;
        this.metrics = metrics;
    }

    void start() {
        config.participants().upstreams().forEach(upstream -> deploy(new HttpUpstream(upstream, mesh, metrics)));
        List<CommandTopicConfig> commandTopics = config.participants().commandTopics();
        if (config.kafkaConnection().isEmpty()) {
            commandTopics.forEach(commands -> LOG.warn(
                    "command_topic_idle topic={} reason=\"kafka.bootstrapServers is not set\"", commands.topic()));
        } else if (!commandTopics.isEmpty()) {
            Source.Factory connector = KafkaSources.connector();
            commandTopics.forEach(commands -> startTopic(connector, commands));
        }
    }

    private void startTopic(Source.Factory connector, CommandTopicConfig commands) {
        Source replies = connector.create(
                "replies-" + commands.topic(),
                List.of(commands.replyTopic()),
                null,
                config.kafkaConnection(),
                "sluice-" + logId + "-replies-" + commands.topic(),
                true);
        var topic = new CommandTopic(commands, mesh, connector.writer(config.kafkaConnection()), replies, metrics);
        deploy(topic);
        topics.put(commands.topic(), topic);
    }

    private void deploy(VerticleBase participant) {
        deployed.add(Wiring.await(vertx.deployVerticle(participant)));
    }

    /** Whether commands can be sent; an upstream shows only when it is asked. */
    List<Health.Check> checks() {
        return topics.entrySet().stream()
                .map(each -> {
                    String problem = each.getValue().problem();
                    return new Health.Check(
                            "commands-" + each.getKey(),
                            problem == null ? Health.Status.UP : Health.Status.DEGRADED,
                            problem);
                })
                .toList();
    }

    /** What is under way is left unknown. */
    @Override
    public void close() {
        Wiring.await(
                Future.join(deployed.stream().map(vertx::undeploy).toList()).mapEmpty());
    }
}
