package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.server.cli.Host;
import dev.sluice.spi.DeveloperKafka;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The server, the broker and the configuration of this process, for the commands that run here. */
final class ThisProcess implements Host {
    private static final long KAFKA_SECONDS = 30;

    private final Map<String, String> environment;

    ThisProcess(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Configuration configuration(Source source) {
        var config = load(source);
        var settings = config.entries().stream()
                .map(entry -> new Setting(entry.key(), entry.value(), entry.origin()))
                .toList();
        return new Configuration() {
            @Override
            public List<Setting> settings() {
                return settings;
            }

            @Override
            public List<String> topics() {
                return config.topics();
            }

            @Override
            public int checkDefinitions() {
                return ProjectionFiles.check(config.projectionFolders());
            }

            @Override
            public int checkSagas() {
                return SagaFiles.check(config.sagaFolders());
            }

            @Override
            public int checkPolicies() {
                return PolicyFiles.check(config.policyFolder());
            }
        };
    }

    @Override
    public List<Saga> sagas(String text, String file) {
        return SagaFiles.read(text, file);
    }

    @Override
    public Running start(Source source) {
        var wiring = Wiring.start(load(source));
        return new Running() {
            @Override
            public String url() {
                return wiring.url();
            }

            @Override
            public void close() {
                wiring.close();
            }
        };
    }

    @Override
    public Broker startBroker(Path data, int port) {
        var broker = kafka().start(data, port);
        return new Broker() {
            @Override
            public String bootstrapServers() {
                return broker.bootstrapServers();
            }

            @Override
            public void close() {
                try {
                    broker.close();
                } catch (Exception failed) {
                    throw new IllegalStateException("the broker did not stop", failed);
                }
            }
        };
    }

    @Override
    public Publisher connect(String bootstrapServers) {
        var vertx = Vertx.vertx();
        var publisher = kafka().connect(vertx, bootstrapServers);
        return new Publisher() {
            @Override
            public void createTopic(String name, int partitions) {
                await(publisher.createTopic(name, partitions));
            }

            @Override
            public void publish(String topic, String key, Map<String, String> headers, String value) {
                await(publisher.publish(topic, key, headers, value.getBytes(StandardCharsets.UTF_8)));
            }

            @Override
            public void close() {
                await(publisher.close().eventually(vertx::close));
            }
        };
    }

    private Config load(Source source) {
        Path folder = configurationFolder();
        Path file = source.file();
        if (file == null && folder != null && Files.exists(folder.resolve("sluice.yaml"))) {
            file = folder.resolve("sluice.yaml");
        }
        Path samples = source.samples() && folder != null ? folder.resolve("samples") : null;
        return Config.load(file, samples, environment, source.flags());
    }

    /** The distribution's, null when this is not run from one. */
    private static @Nullable Path configurationFolder() {
        String home = System.getProperty("sluice.home");
        return home == null ? null : Path.of(home, "config");
    }

    private static DeveloperKafka kafka() {
        return ServiceLoader.load(DeveloperKafka.class).findFirst().orElseThrow(() -> Failure.of(
                        Failure.Kind.UNAVAILABLE, "the Kafka connector is not on the class path")
                .with("next", "start through platform/sluice, or with --no-kafka"));
    }

    private static <T> void await(Future<T> future) {
        try {
            future.await(KAFKA_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException late) {
            throw Failure.of(Failure.Kind.DEADLINE_EXCEEDED, "Kafka did not answer within " + KAFKA_SECONDS + " s")
                    .with("next", "look at the broker, or give another with --kafka HOST:PORT");
        }
    }
}
