package dev.sluice.house;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes orders at a steady rate until it is closed, through the deaths of the broker; closing waits for what is unsent. */
final class Publisher implements AutoCloseable {
    private static final int EVERY_MILLIS = 5;
    private static final int BURST = 10;
    private static final int KEYS = 120;
    private static final int CUSTOMERS = 40;

    private final KafkaProducer<String, String> producer;
    private final Random random;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private long number;

    Publisher(String bootstrapServers, long seed) {
        this.random = new Random(seed);
        this.producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrapServers,
                        "acks",
                        "all",
                        "enable.idempotence",
                        true,
                        "linger.ms",
                        5,
                        "delivery.timeout.ms",
                        180_000),
                new StringSerializer(),
                new StringSerializer());
    }

    void start() {
        timer.scheduleAtFixedRate(this::burst, 0, EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void burst() {
        for (int i = 0; i < BURST; i++) {
            number++;
            var value = SeenEvent.JSON
                    .createObjectNode()
                    .put("number", number)
                    .put("customer", "customer-" + random.nextInt(CUSTOMERS))
                    .put("amount", BigDecimal.valueOf(random.nextInt(100_000) - 10_000, 2));
            producer.send(new ProducerRecord<>("orders", "k" + random.nextInt(KEYS), value.toString()));
        }
    }

    @Override
    public void close() {
        timer.shutdown();
        try {
            if (!timer.awaitTermination(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the last burst was not taken by the producer within 60 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        producer.close(Duration.ofSeconds(120));
    }
}
