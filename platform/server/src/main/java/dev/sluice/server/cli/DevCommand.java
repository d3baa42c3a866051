package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs everything one developer needs: broker, topics, server, samples. */
@Command(
        description = "Runs a Kafka broker, the server and the samples on this machine, until Ctrl-C.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice dev --data ./data --kafka-port 9092"})
final class DevCommand implements Callable<Integer> {
    private static final int RETRY_SECONDS = 5;
    private static final int PARTITIONS = 4;

    private final Cli cli;

    @Option(names = "--data", paramLabel = "DIR", description = "Where data is kept (default: ./data).")
    private Path data = Path.of("data");

    @Option(names = "--port", paramLabel = "N", description = "HTTP port (default 8080); 0 for any.")
    private @Nullable Integer port;

    @Option(names = "--kafka", paramLabel = "HOST:PORT", description = "Use this broker instead of an own one.")
    private @Nullable String kafka;

    @Option(names = "--kafka-port", paramLabel = "N", description = "The own broker's port (default: any).")
    private @Nullable Integer kafkaPort;

    @Option(names = "--no-kafka", description = "Run without Kafka.")
    private boolean noKafka;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration file (default: the distribution's).")
    private @Nullable Path file;

    DevCommand(Cli cli) {
        this.cli = cli;
    }

    @Override
    public Integer call() throws Exception {
        int choices = (kafka == null ? 0 : 1) + (kafkaPort == null ? 0 : 1) + (noKafka ? 1 : 0);
        if (choices > 1) {
            throw Failure.of(
                            Failure.Kind.INVALID_REQUEST,
                            "found several of --kafka, --kafka-port and --no-kafka, expected at most one")
                    .with("code", "usage")
                    .with("next", "sluice dev --help");
        }
        var flags = new LinkedHashMap<String, String>();
        flags.put("data.dir", data.toString());
        if (port != null) {
            flags.put("http.port", port.toString());
        }
        Deque<Runnable> stops = new ArrayDeque<>();
        try {
            var running = start(flags, stops);
            UntilStopped.run(cli.terminal(), running.url(), () -> stops.forEach(Runnable::run));
        } catch (Exception failed) {
            stops.forEach(Runnable::run);
            throw failed;
        }
        return 0;
    }

    private Host.Running start(Map<String, String> flags, Deque<Runnable> stops) throws Exception {
        var payments = SamplePayments.start();
        stops.push(payments::close);
        flags.put("http.upstreams.payments.url", payments.url());
        // Checked before a broker is started for it.
        var topics = cli.host().configuration(source(flags)).topics();
        String bootstrapServers = kafka;
        if (noKafka) {
            flags.put("kafka.bootstrapServers", "");
        } else {
            if (bootstrapServers == null) {
                var broker = cli.host().startBroker(data.resolve("kafka"), kafkaPort == null ? 0 : kafkaPort);
                stops.push(broker::close);
                bootstrapServers = broker.bootstrapServers();
            }
            flags.put("kafka.bootstrapServers", bootstrapServers);
            if (kafka == null) {
                createTopics(bootstrapServers, topics);
            }
        }
        var running = cli.host().start(source(flags));
        stops.push(running::close);
        String given = kafka;
        if (given != null) {
            // A broker of somebody else's may be away: the server serves on without it.
            var creating = new Thread(() -> tryToCreateTopics(given, topics), "create-topics");
            creating.setDaemon(true);
            creating.start();
        }
        return running;
    }

    private void tryToCreateTopics(String bootstrapServers, List<String> topics) {
        try {
            createTopicsAtLast(bootstrapServers, topics);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void createTopicsAtLast(String bootstrapServers, List<String> topics) throws InterruptedException {
        cli.terminal()
                .say("kafka " + bootstrapServers + "  waiting for it to create topics " + String.join(", ", topics));
        while (true) {
            try {
                createTopics(bootstrapServers, topics);
                return;
            } catch (InterruptedException stopped) {
                throw stopped;
            } catch (Exception away) {
                cli.terminal().say("kafka " + bootstrapServers + "  " + away.getMessage() + ", trying again");
                TimeUnit.SECONDS.sleep(RETRY_SECONDS);
            }
        }
    }

    private void createTopics(String bootstrapServers, List<String> topics) throws Exception {
        try (var publisher = cli.host().connect(bootstrapServers)) {
            for (String topic : topics) {
                publisher.createTopic(topic, PARTITIONS);
            }
        }
        cli.terminal().say("kafka " + bootstrapServers + "  topics " + String.join(", ", topics));
    }

    private Host.Source source(Map<String, String> flags) {
        return new Host.Source(file, true, Map.copyOf(flags));
    }
}
