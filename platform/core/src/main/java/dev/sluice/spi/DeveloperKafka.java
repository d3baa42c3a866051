package dev.sluice.spi;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;

/** What {@code dev} and {@code demo} need of Kafka: a broker to start and a way to publish; found by ServiceLoader. */
public interface DeveloperKafka {
    /**
     * Starts a broker on loopback in a process of its own, which ends with ours; blocks until it serves (about three seconds).
     * UNAVAILABLE when it does not start, CONFIG_INVALID when the port is taken.
     *
     * @param dataFolder made when absent; what an earlier broker left there is served again
     * @param port 0 for any
     */
    Broker start(Path dataFolder, int port);

    /** Connects to a broker; one that is away is found when it comes. */
    Publisher connect(Vertx vertx, String bootstrapServers);

    /** A running broker. */
    interface Broker extends AutoCloseable {
        String bootstrapServers();

        /** Stops it cleanly; blocks. */
        @Override
        void close();
    }

    /** Writes to topics. */
    interface Publisher {
        /** Creates a topic; one that exists is left as it is. */
        Future<Void> createTopic(String topic, int partitions);

        /** Answers when all in-sync replicas have the record. */
        Future<Void> publish(String topic, String key, Map<String, String> headers, byte[] value);

        Future<Void> close();
    }
}
