package dev.sluice.kafka.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A single Kafka broker with its own controller (KRaft) on loopback: formats its folder when it is new, prints {@code READY}
 * once it serves, and ends as soon as its standard input does, so that it never outlives the process that started it.
 */
public final class BrokerMain {
    private static final String CONTROLLER = "CONTROLLER";

    private BrokerMain() {}

    /** Arguments: folder, port of the broker, port of its controller. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Thread watch = new Thread(BrokerMain::endWithParent, "parent-watch");
        watch.setDaemon(true);
        watch.start();
        if (!Files.exists(folder.resolve("meta.properties"))) {
            format(folder);
        }
        var server = new KafkaRaftServer(KafkaConfig.fromProps(settings(folder, args[1], args[2]), false), Time.SYSTEM);
        server.startup();
        System.out.println("READY");
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
        server.awaitShutdown();
    }

    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {
                // whatever the parent writes is of no interest, only that it is there
            }
        } catch (IOException gone) {
            // the same as its end
        }
        Runtime.getRuntime().halt(0);
    }

    private static void format(Path folder) throws Exception {
        Files.createDirectories(folder);
        var quiet = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        new Formatter()
                .setNodeId(1)
                .setClusterId(Uuid.randomUuid().toString())
                .addDirectory(folder.toString())
                .setMetadataLogDirectory(folder.toString())
                .setReleaseVersion(MetadataVersion.latestProduction())
                .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
                .setControllerListenerName(CONTROLLER)
                .setPrintStream(quiet)
                .run();
    }

    private static Properties settings(Path folder, String port, String controllerPort) {
        var settings = new Properties();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        settings.put(
                "listeners", "PLAINTEXT://127.0.0.1:" + port + "," + CONTROLLER + "://127.0.0.1:" + controllerPort);
        settings.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        settings.put("controller.listener.names", CONTROLLER);
        settings.put("inter.broker.listener.name", "PLAINTEXT");
        settings.put("log.dirs", folder.toString());
        settings.put("auto.create.topics.enable", "false");
        settings.put("offsets.topic.num.partitions", "1");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("transaction.state.log.num.partitions", "1");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("add.partitions.to.txn.retry.backoff.ms", "1");
        // a killed broker may register again only when its old session has expired
        settings.put("broker.session.timeout.ms", "3000");
        settings.put("broker.heartbeat.interval.ms", "500");
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("group.coordinator.threads", "1");
        settings.put("num.network.threads", "1");
        settings.put("num.io.threads", "2");
        settings.put("background.threads", "2");
        settings.put("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20));
        return settings;
    }
}
