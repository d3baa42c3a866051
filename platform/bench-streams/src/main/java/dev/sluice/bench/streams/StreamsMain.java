package dev.sluice.bench.streams;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/**
 * Folds a topic by key with Kafka Streams as often as it is told: a line of {@code topic records cached|uncached key=value…}, with tabs, on
 * standard input, the settings those of Kafka Streams, is one run of a new application. It answers {@code FIRST} when the first
 * order comes, {@code DONE} when offsets of as many records are committed, and the orders that are in the rows as the run's last
 * line. It ends with its standard input.
 */
public final class StreamsMain {
    private static final String ROWS = "rows";
    private static final long LOOK_NANOS = 5_000_000;
    private static final Duration MOST_TO_CLOSE = Duration.ofSeconds(60);

    private final Properties settings;
    private final OrderFold fold = new OrderFold(() -> say("FIRST"));

    private StreamsMain(List<String> settings) {
        this.settings = new Properties();
        settings.forEach(setting -> {
            int equals = setting.indexOf('=');
            this.settings.setProperty(setting.substring(0, equals), setting.substring(equals + 1));
        });
    }

    public static void main(String[] none) throws IOException, InterruptedException, ExecutionException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            var words = List.of(line.split("\t"));
            new StreamsMain(words.subList(3, words.size()))
                    .run(
                            words.get(0),
                            Long.parseLong(words.get(1)),
                            words.get(2).equals("cached"));
        }
    }

    private void run(String topic, long records, boolean isCached) throws InterruptedException, ExecutionException {
        String application = settings.getProperty("application.id");
        try (var admin = Admin.create(settings)) {
            try (var streams = new KafkaStreams(topology(topic, isCached), settings)) {
                streams.setUncaughtExceptionHandler(failure -> {
                    failure.printStackTrace();
                    Runtime.getRuntime().halt(1);
                    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                });
                streams.start();
                while (fold.folded() < records || committed(admin, application) < records) {
                    LockSupport.parkNanos(LOOK_NANOS);
                }
                say("DONE");
                long orders = ordersInRows(streams);
                streams.close(MOST_TO_CLOSE);
                streams.cleanUp();
                say(String.valueOf(orders));
            }
            admin.deleteTopics(List.of(application + "-" + ROWS + "-changelog"))
                    .all()
                    .get();
        }
    }

    private Topology topology(String topic, boolean isCached) {
        var bytes = Serdes.ByteArray();
        var rows = Materialized.<byte[], byte[], KeyValueStore<Bytes, byte[]>>as(ROWS)
                .withKeySerde(bytes)
                .withValueSerde(bytes);
        var builder = new StreamsBuilder();
        builder.stream(topic, Consumed.with(bytes, bytes))
                .groupByKey(Grouped.with(bytes, bytes))
                .aggregate(
                        OrderFold::emptyRow,
                        (key, order, row) -> fold.fold(order, row),
                        isCached ? rows.withCachingEnabled() : rows.withCachingDisabled());
        return builder.build();
    }

    private static long committed(Admin admin, String application) throws InterruptedException, ExecutionException {
        return admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get().values().stream()
                .mapToLong(offset -> offset == null ? 0 : offset.offset())
                .sum();
    }

    private static long ordersInRows(KafkaStreams streams) {
        var store = streams.store(
                StoreQueryParameters.fromNameAndType(ROWS, QueryableStoreTypes.<byte[], byte[]>keyValueStore()));
        long orders = 0;
        try (var rows = store.all()) {
            while (rows.hasNext()) {
                orders += OrderFold.count(rows.next().value);
            }
        }
        return orders;
    }

    private static void say(String word) {
        System.out.println(word);
        System.out.flush();
    }
}
