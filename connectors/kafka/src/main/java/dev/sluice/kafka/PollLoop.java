package dev.sluice.kafka;

import dev.sluice.kafka.Lane.Phase;
import dev.sluice.log.Failure;
import dev.sluice.spi.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One consumer's life: finds the partitions, asks the sink where each was left, reads them all, and hands each partition's
 * records over as one poll. While a poll is at the sink its partition is paused: that is the back-pressure.
 *
 * <p>All state belongs to the poll thread; answers of the sink and of the cluster come as tasks in a mailbox, and wake the
 * thread only when it waits for the broker. Nothing here blocks but the consumer's own poll.
 */
final class PollLoop implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(PollLoop.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration CLOSE = Duration.ofSeconds(2);

    /** Records that come one by one are read some at a time: each poll costs the log a sync. */
    private static final long GATHER_NANOS = 4_000_000;

    private static final int GATHERED_RECORDS = 100;
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long REPORT_NANOS = SECOND_NANOS / 5;
    private static final long COMMIT_NANOS = 5 * SECOND_NANOS;
    private static final int MAX_WAITS = 900;

    private final KafkaSource source;
    private final Source.Sink sink;
    private final Admin admin;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final Map<TopicPartition, Lane> lanes = new HashMap<>();
    private final LinkedBlockingQueue<Runnable> mailbox = new LinkedBlockingQueue<>();
    private volatile boolean isWaiting;

    private Topics.@Nullable Found found;
    private boolean isFinding;
    private boolean isConnected;
    private @Nullable String connectionProblem = "no broker has answered yet";
    private long foundNanos = System.nanoTime() - SECOND_NANOS;
    private long reportedNanos = foundNanos;
    private long committedNanos = foundNanos;
    private long gatherUntilNanos = foundNanos;

    PollLoop(KafkaSource source, Source.Sink sink) {
        this.source = source;
        this.sink = sink;
        this.admin = Admin.create(source.settings().admin());
        try {
            this.consumer = new KafkaConsumer<>(
                    source.settings().consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException failed) {
            admin.close(CLOSE);
            throw failed;
        }
        this.topics = new Topics(admin, source.topics(), source.pattern());
    }

    /** Reads until the source is closed; throws {@link Halted}, or a KafkaException after which a new loop may do better. */
    void run() {
        while (!source.isClosed()) {
            for (Runnable task = mailbox.poll(); task != null; task = mailbox.poll()) {
                task.run();
            }
            tick(System.nanoTime());
            poll();
        }
    }

    /** Ends a wait for the broker. */
    void wake() {
        if (isWaiting) {
            consumer.wakeup();
        }
    }

    private void poll() {
        long gatherNanos = gatherUntilNanos - System.nanoTime();
        if (gatherNanos > 0) {
            waitForMail(gatherNanos);
            return;
        }
        if (consumer.assignment().isEmpty()) {
            waitForMail(POLL.toNanos());
            return;
        }
        isWaiting = true;
        try {
            boolean isIdle = mailbox.isEmpty() && !source.isClosed();
            ConsumerRecords<byte[], byte[]> records = consumer.poll(isIdle ? POLL : Duration.ZERO);
            isWaiting = false;
            if (!records.isEmpty() && records.count() < GATHERED_RECORDS) {
                gatherUntilNanos = System.nanoTime() + GATHER_NANOS;
            }
            for (TopicPartition partition : records.partitions()) {
                Lane lane = lanes.get(partition);
                if (lane != null && lane.phase == Phase.READING) {
                    handOver(lane, records.nextOffsets().get(partition), records.records(partition));
                }
            }
        } catch (WakeupException woken) {
            isWaiting = false; // the mailbox is looked at next
        } catch (OffsetOutOfRangeException lost) {
            lost.offsetOutOfRangePartitions().forEach(this::examineLoss);
        } finally {
            isWaiting = false;
        }
    }

    private void waitForMail(long nanos) {
        try {
            Runnable task = source.isClosed() ? null : mailbox.poll(nanos, TimeUnit.NANOSECONDS);
            if (task != null) {
                task.run();
            }
        } catch (InterruptedException interrupted) {
            throw new InterruptException(interrupted);
        }
    }

    private void handOver(Lane lane, @Nullable OffsetAndMetadata after, List<ConsumerRecord<byte[], byte[]>> records) {
        var raw = new ArrayList<Source.RawRecord>(records.size());
        for (int i = 0; i < records.size(); i++) {
            raw.add(raw(records.get(i)));
        }
        handOver(lane, raw, after == null ? records.get(records.size() - 1).offset() + 1 : after.offset());
    }

    private void handOver(Lane lane, List<Source.RawRecord> raw, long next) {
        consumer.pause(List.of(lane.topicPartition));
        var poll = new Source.Poll(lane.identity, lane.next, next, raw);
        lane.isInFlight = true;
        lane.handedOverNanos = System.nanoTime();
        lane.next = next;
        CompletionStage<Void> answer;
        try {
            answer = sink.accept(poll);
        } catch (RuntimeException refused) {
            answer = CompletableFuture.failedFuture(refused);
        }
        boolean isWatermark = raw.isEmpty();
        onAnswer(answer, (done, failure) -> answered(lane, next, isWatermark, failure));
    }

    private static Source.RawRecord raw(ConsumerRecord<byte[], byte[]> from) {
        Header[] given = from.headers().toArray();
        List<Source.Header> headers = List.of();
        if (given.length > 0) {
            headers = new ArrayList<>(given.length);
            for (Header header : given) {
                headers.add(new Source.Header(header.key(), header.value()));
            }
        }
        return new Source.RawRecord(from.offset(), from.timestamp(), from.key(), from.value(), headers);
    }

    private void answered(Lane lane, long next, boolean isWatermark, @Nullable Throwable failure) {
        lane.isInFlight = false;
        if (lanes.get(lane.topicPartition) != lane) {
            return;
        }
        if (lane.phase == Phase.LOCATING) {
            locate(lane);
        } else if (failure != null) {
            failed(lane, failure);
        } else {
            lane.succeeded();
            lane.committed = next;
            lane.settled = isWatermark ? next : lane.settled;
            consumer.resume(List.of(lane.topicPartition));
        }
    }

    /** What may succeed later is tried again from where the shards stand; anything else halts the source. */
    private void failed(Lane lane, Throwable failure) {
        if (failure instanceof Failure refused && !refused.kind().retryable()) {
            throw new Halted(refused.getMessage());
        }
        String why = KafkaSource.why(failure);
        if (failure instanceof Failure refused && refused.details().get("retryAfterMillis") instanceof Number millis) {
            lane.refused(why, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis.longValue()));
        } else {
            LOGGER.warn(
                    "source_partition_failed source={} partition={} cause=\"{}\"",
                    source.name(),
                    lane.topicPartition,
                    why);
            lane.failed(why, System.nanoTime());
        }
        assign();
    }

    private void tick(long nowNanos) {
        if (!isFinding && nowNanos - foundNanos >= SECOND_NANOS) {
            isFinding = true;
            onAnswer(topics.find(), this::found);
        }
        for (Lane lane : lanes.values()) {
            if (lane.phase == Phase.WAITING && nowNanos - lane.retryNanos >= 0) {
                locate(lane);
            } else if (lane.phase == Phase.READING
                    && !lane.isInFlight
                    && nowNanos - lane.handedOverNanos >= SECOND_NANOS) {
                settle(lane, nowNanos);
            }
        }
        if (nowNanos - reportedNanos >= REPORT_NANOS) {
            reportedNanos = nowNanos;
            report();
        }
        if (isConnected && nowNanos - committedNanos >= COMMIT_NANOS) {
            committedNanos = nowNanos;
            commitForLagTools();
        }
    }

    /** Gives every shard the watermark when some may not have it: after records, and where only control records lay. */
    private void settle(Lane lane, long nowNanos) {
        lane.handedOverNanos = nowNanos;
        try {
            long position = consumer.position(lane.topicPartition, Duration.ZERO);
            if (position > lane.settled) {
                handOver(lane, List.of(), position);
            }
        } catch (TimeoutException unknown) {
            LOGGER.debug("source_position_unknown source={} partition={}", source.name(), lane.topicPartition);
        }
    }

    private void found(Topics.@Nullable Found answer, @Nullable Throwable failure) {
        isFinding = false;
        foundNanos = System.nanoTime();
        isConnected = answer != null;
        if (answer == null) {
            String problem = failure == null ? "no answer" : "no broker answers: " + KafkaSource.why(failure);
            if (!problem.equals(connectionProblem)) {
                LOGGER.warn("source_disconnected source={} cause=\"{}\"", source.name(), problem);
            }
            connectionProblem = problem;
            report();
            return;
        }
        if (connectionProblem != null) {
            LOGGER.info("source_connected source={} clusterId={}", source.name(), answer.clusterId());
        }
        connectionProblem = null;
        found = answer;
        answer.topics().forEach((name, topic) -> {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                meet(new Source.Partition(answer.clusterId(), topic.id(), name, partition));
            }
        });
        lanes.values().removeIf(lane -> isGone(lane, answer) && lane.phase != Phase.READING);
        report();
    }

    private static boolean isGone(Lane lane, Topics.Found answer) {
        Topics.Topic topic = answer.topics().get(lane.topicPartition.topic());
        return topic != null && lane.topicPartition.partition() >= topic.partitions();
    }

    /** A partition as the cluster shows it: a new one is located, one with another identity is located again. */
    private void meet(Source.Partition identity) {
        var partition = new TopicPartition(identity.topic(), identity.partition());
        Lane lane = lanes.get(partition);
        if (lane == null) {
            lane = new Lane(partition, identity);
            lanes.put(partition, lane);
            locate(lane);
        } else if (!lane.identity.equals(identity)) {
            LOGGER.warn("source_topic_changed source={} found={} known={}", source.name(), identity, lane.identity);
            lane.identity = identity;
            relocate(lane);
        }
    }

    private void relocate(Lane lane) {
        lane.phase = Phase.LOCATING;
        lane.attempt++;
        assign();
        if (!lane.isInFlight) {
            locate(lane);
        }
    }

    private void locate(Lane lane) {
        lane.phase = Phase.LOCATING;
        int attempt = ++lane.attempt;
        var beginning =
                sink.position(lane.identity).thenCompose(position -> topics.beginning(lane.topicPartition, position));
        onAnswer(beginning, (from, failure) -> {
            if (attempt != lane.attempt) {
                return;
            }
            if (from == null) {
                failed(lane, failure == null ? new IllegalStateException("no position") : failure);
            } else {
                read(lane, from.offset());
                if (from.isEnd()) {
                    handOver(lane, List.of(), from.offset());
                }
            }
        });
    }

    private void read(Lane lane, long from) {
        lane.begin(from);
        lane.handedOverNanos = System.nanoTime();
        assign();
        consumer.seek(lane.topicPartition, from);
        consumer.resume(List.of(lane.topicPartition));
    }

    /** Assigns what is read; partitions that stay keep their positions. */
    private void assign() {
        consumer.assign(lanes.values().stream()
                .filter(lane -> lane.phase == Phase.READING)
                .map(lane -> lane.topicPartition)
                .toList());
    }

    /** The broker has nothing at our offset: find out why, away from this thread, and go on or halt. */
    private void examineLoss(TopicPartition partition, long offset) {
        Lane lane = lanes.get(partition);
        if (lane == null) {
            return;
        }
        lane.phase = Phase.LOCATING;
        int attempt = ++lane.attempt;
        assign();
        var cause = topics.find().thenCombine(topics.range(partition), (now, range) -> {
            var topic = now.topics().get(partition.topic());
            boolean isSame = topic != null
                    && topic.id().equals(lane.identity.topicId())
                    && now.clusterId().equals(lane.identity.clusterId());
            return isSame ? range : new Topics.Range(-1, -1);
        });
        onAnswer(cause, (range, failure) -> {
            if (attempt != lane.attempt) {
                return;
            }
            if (range == null) {
                failed(lane, failure == null ? new IllegalStateException("no range") : failure);
            } else if (range.latest() < 0) {
                foundNanos -= SECOND_NANOS; // another topic: the next look at the cluster locates it
                lane.failed("the topic " + partition.topic() + " has changed", System.nanoTime());
            } else {
                decideLoss(lane, offset, range);
            }
        });
    }

    private void decideLoss(Lane lane, long offset, Topics.Range range) {
        if (offset > range.latest()) {
            throw new Halted("found the end of " + lane.topicPartition + " at offset " + range.latest()
                    + ", expected at least " + offset + ", which source " + source.name()
                    + " has read already: the broker has lost records; give the source another name to read it anew");
        }
        if (offset >= range.earliest()) {
            read(lane, offset);
        } else if (source.isLossAccepted()) {
            LOGGER.warn(
                    "source_loss_accepted source={} partition={} from={} to={}",
                    source.name(),
                    lane.topicPartition,
                    offset,
                    range.earliest());
            read(lane, range.earliest());
        } else {
            throw new Halted("found " + lane.topicPartition + " beginning at offset " + range.earliest()
                    + ", expected " + offset
                    + ": what lay between is gone unread; set onOffsetLoss: earliest for source "
                    + source.name() + " to read on behind it");
        }
    }

    private void report() {
        long lag = 0;
        String problem = connectionProblem;
        for (Lane lane : lanes.values()) {
            problem = problem == null ? lane.problem : problem;
            if (lane.phase == Phase.READING) {
                consumer.currentLag(lane.topicPartition).ifPresent(behind -> lane.end = lane.next + behind);
            }
            lag = lane.end < 0 || lag < 0 ? -1 : lag + Math.max(0, lane.end - lane.committed);
        }
        var known = found;
        if (known == null) {
            source.report(source.topics(), isConnected, -1, problem);
            return;
        }
        if (problem == null && !known.missing().isEmpty()) {
            problem = "found no topic " + String.join(", ", known.missing()) + ", expected it in the cluster";
        }
        var names = new TreeSet<>(source.topics());
        names.addAll(known.topics().keySet());
        source.report(List.copyOf(names), isConnected, lag, problem);
    }

    private void commitForLagTools() {
        Map<TopicPartition, OffsetAndMetadata> offsets = uncommitted();
        if (!offsets.isEmpty()) {
            consumer.commitAsync(offsets, (done, failure) -> {
                if (failure != null) {
                    LOGGER.debug(
                            "source_group_commit_failed source={} cause=\"{}\"", source.name(), failure.toString());
                }
            });
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> uncommitted() {
        var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
        for (Lane lane : lanes.values()) {
            if (lane.phase == Phase.READING && lane.committed > lane.reported) {
                lane.reported = lane.committed;
                offsets.put(lane.topicPartition, new OffsetAndMetadata(lane.committed));
            }
        }
        return offsets;
    }

    private <T> void onAnswer(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> task) {
        stage.whenComplete((answer, failure) -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            mailbox.add(() -> task.accept(answer, cause));
            wake();
        });
    }

    /** Waits for what is at the sink, tells the group where it stands, closes the clients. */
    @Override
    public void close() {
        try {
            for (int i = 0; i < MAX_WAITS && lanes.values().stream().anyMatch(lane -> lane.isInFlight); i++) {
                Runnable task = mailbox.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
                if (task != null) {
                    task.run();
                }
            }
            if (isConnected) {
                consumer.commitSync(uncommitted(), CLOSE);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (KafkaException | Halted ended) {
            LOGGER.debug("source_close source={} cause=\"{}\"", source.name(), ended.toString());
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE));
            admin.close(CLOSE);
        }
    }
}
