package dev.sluice.kafka;

import dev.sluice.log.Failure;
import dev.sluice.spi.Source;
import dev.sluice.spi.TopicWriter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** An idempotent producer on a thread of its own, because sending may block while the cluster is looked for. */
final class KafkaTopicWriter implements TopicWriter {
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final ClientSettings settings;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        var made = new Thread(task, "kafka-dead-letters");
        made.setDaemon(true);
        return made;
    });
    /** Made with the first record; belongs to the thread. */
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    KafkaTopicWriter(ClientSettings settings) {
        this.settings = settings;
    }

    @Override
    public CompletionStage<Void> write(String topic, Source.RawRecord letter) {
        var answer = new CompletableFuture<Void>();
        try {
            thread.execute(() -> send(topic, letter, answer));
        } catch (RejectedExecutionException closed) {
            answer.completeExceptionally(failure(topic, closed));
        }
        return answer;
    }

    private void send(String topic, Source.RawRecord letter, CompletableFuture<Void> answer) {
        try {
            var timestamp = letter.timestampMillis() < 0 ? null : (Long) letter.timestampMillis();
            var message = new ProducerRecord<>(topic, null, timestamp, letter.key(), letter.value());
            letter.headers().forEach(header -> message.headers().add(header.name(), header.value()));
            producer().send(message, (written, failed) -> {
                if (failed == null) {
                    answer.complete(null);
                } else {
                    answer.completeExceptionally(failure(topic, failed));
                }
            });
        } catch (KafkaException failed) {
            answer.completeExceptionally(failure(topic, failed));
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        var made = producer;
        if (made == null) {
            made = new KafkaProducer<>(settings.producer(), new ByteArraySerializer(), new ByteArraySerializer());
            producer = made;
        }
        return made;
    }

    private static Failure failure(String topic, Throwable failed) {
        return Failure.of(
                failed instanceof RecordTooLargeException ? Failure.Kind.EVENT_TOO_LARGE : Failure.Kind.UNAVAILABLE,
                "topic " + topic + " did not take a dead letter: " + failed.getMessage());
    }

    @Override
    public void close() {
        thread.execute(() -> {
            var made = producer;
            if (made != null) {
                made.close(CLOSE);
            }
        });
        thread.shutdown();
        try {
            if (!thread.awaitTermination(2 * CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
