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
        var made = new Thread(task, "kafka-writer");
        made.setDaemon(true);
        return made;
    });
    /** Made with the first record; belongs to the thread. */
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    KafkaTopicWriter(ClientSettings settings) {
        this.settings = settings;
    }

    @Override
    public CompletionStage<Void> write(String topic, Source.RawRecord written) {
        var answer = new CompletableFuture<Void>();
        try {
            thread.execute(() -> send(topic, written, answer));
        } catch (RejectedExecutionException closed) {
            answer.completeExceptionally(failure(topic, Failure.Kind.UNAVAILABLE, closed));
        }
        return answer;
    }

    private void send(String topic, Source.RawRecord written, CompletableFuture<Void> answer) {
        if (answer.isDone()) {
            return;
        }
        var sender = Thread.currentThread();
        try {
            var timestamp = written.timestampMillis() < 0 ? null : (Long) written.timestampMillis();
            var message = new ProducerRecord<>(topic, null, timestamp, written.key(), written.value());
            written.headers().forEach(header -> message.headers().add(header.name(), header.value()));
            producer().send(message, (taken, failed) -> {
                if (failed == null) {
                    answer.complete(null);
                } else {
                    // on our own thread it is told before anything has left
                    boolean hasLeft = Thread.currentThread() != sender;
                    answer.completeExceptionally(
                            failure(topic, hasLeft ? Failure.Kind.OUTCOME_UNKNOWN : Failure.Kind.UNAVAILABLE, failed));
                }
            });
        } catch (KafkaException failed) {
            answer.completeExceptionally(failure(topic, Failure.Kind.UNAVAILABLE, failed));
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

    private static Failure failure(String topic, Failure.Kind kind, Throwable failed) {
        return Failure.of(
                failed instanceof RecordTooLargeException ? Failure.Kind.EVENT_TOO_LARGE : kind,
                "topic " + topic + " did not take a record: " + failed.getMessage());
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
