package dev.sluice.ingest;

import dev.sluice.log.Failure;
import dev.sluice.log.SourceBatch;
import dev.sluice.log.SourceBatch.SourceEvent;
import dev.sluice.shard.EventLog;
import dev.sluice.spi.Source;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one source hands its polls over: maps records to events, splits each poll by shard and answers when every shard has
 * committed its part. Exactly once by the rule of {@link SourceBatch}: a shard with records gets its batch at once, the others
 * the watermark when they are a poll behind for longer than a second, so a restart reads little again.
 *
 * <p>Maps on the caller's thread. Of one partition one call at a time, as {@link Source} promises.
 */
public final class Ingest implements Source.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(Ingest.class);
    private static final long WATERMARK_NANOS = 1_000_000_000;

    private final SourceConfig config;
    private final EventLog log;
    private final int maxEventBytes;
    private final SourceLetters letters;
    private final MeterRegistry meters;
    private final Counter appendedCount;
    private final Counter deadLetteredCount;
    private final Counter ignoredCount;
    private final Counter skippedCount;
    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();

    /**
     * CONFIG_INVALID for {@code ordering: park} on a log of several shards: what keeps a key in order is decided in one.
     *
     * @param maxEventBytes {@code log.maxEvent}: larger records become dead letters
     */
    public Ingest(SourceConfig config, EventLog log, int maxEventBytes, MeterRegistry meters) {
        if (config.isParking() && log.shards() > 1) {
            throw Failure.of(
                    Failure.Kind.CONFIG_INVALID,
                    "kafka.sources[" + config.name() + "].ordering: found park on a log of " + log.shards()
                            + " shards, expected log.shards 1, or ordering: skip");
        }
        this.config = config;
        this.log = log;
        this.maxEventBytes = maxEventBytes;
        this.letters = new SourceLetters(log, new Resolutions(log), List.of(config), maxEventBytes);
        this.meters = meters;
        this.appendedCount = counter("appended");
        this.deadLetteredCount = counter("dead-lettered");
        this.ignoredCount = counter("ignored");
        this.skippedCount = counter("skipped");
    }

    /** Adds the metric {@code source.lag} of the source that hands over here. */
    public void observe(Source source) {
        Gauge.builder("source.lag", source, each -> each.status().lag())
                .tag("source", config.name())
                .register(meters);
    }

    @Override
    public CompletionStage<@Nullable Long> position(Source.Partition partition) {
        return log.watermarks(config.name(), partition.topic(), partition.partition())
                .map(stored -> {
                    Long next = smallest(partition, stored);
                    lanes.put(key(partition), new Lane(partition));
                    return next;
                })
                .onSuccess(next -> resumeReleases(partition))
                .toCompletionStage();
    }

    /** Records of the keys that are released wait until that is done: reading need not. */
    private void resumeReleases(Source.Partition partition) {
        if (config.isParking()) {
            letters.resume(config, partition.topic(), partition.partition())
                    .onFailure(cause -> LOG.warn(
                            "release_interrupted source={} partition={}", config.name(), key(partition), cause));
        }
    }

    private @Nullable Long smallest(Source.Partition partition, List<SourceBatch.@Nullable Watermark> stored) {
        long smallest = Long.MAX_VALUE;
        boolean isStoredEverywhere = true;
        for (var watermark : stored) {
            if (watermark == null) {
                isStoredEverywhere = false;
            } else if (watermark.clusterId().equals(partition.clusterId())
                    && watermark.topicId().equals(partition.topicId())) {
                smallest = Math.min(smallest, watermark.next());
            } else if (config.onOffsetLossEarliest()) {
                isStoredEverywhere = false;
            } else {
                throw Failure.of(
                        Failure.Kind.SOURCE_CHANGED,
                        "found topic " + partition.topic() + " with id " + partition.topicId() + " in cluster "
                                + partition.clusterId() + ", expected id " + watermark.topicId() + " in cluster "
                                + watermark.clusterId() + ", which source " + config.name() + " has read up to "
                                + watermark.next() + " of partition " + partition.partition()
                                + "; set onOffsetLoss: earliest to read the new topic from its beginning");
            }
        }
        return isStoredEverywhere ? (Long) smallest : null;
    }

    @Override
    public CompletionStage<Void> accept(Source.Poll poll) {
        Lane lane = lanes.get(key(poll.partition()));
        if (lane == null) {
            throw new IllegalStateException("poll of " + poll.partition() + " before its position was asked for");
        }
        return lane.accept(poll).toCompletionStage();
    }

    private static String key(Source.Partition partition) {
        return partition.topic() + "/" + partition.partition();
    }

    private Counter counter(String result) {
        return Counter.builder("source.records")
                .tag("source", config.name())
                .tag("result", result)
                .register(meters);
    }

    /** One partition: what each shard has of it. Calls come one after the other; {@code covered} is settled before the answer. */
    private final class Lane {
        private final Source.Partition partition;
        private final RecordMapper mapper;
        /** The next offset that each shard has committed since the position was asked for, −1 before the first. */
        private final long[] covered;

        private long watermarkNanos = System.nanoTime();

        Lane(Source.Partition partition) {
            this.partition = partition;
            int home = log.shardOf(SourceBatch.deadLetterStream(config.name(), partition.partition(), 0, 1));
            this.mapper = new RecordMapper(
                    config,
                    partition,
                    maxEventBytes,
                    SourceBatch.deadLetterStream(config.name(), partition.partition(), home, log.shards()));
            this.covered = new long[log.shards()];
            java.util.Arrays.fill(covered, -1);
        }

        Future<Void> accept(Source.Poll poll) {
            List<List<SourceEvent>> parts = split(poll);
            boolean isWatermarkDue = poll.records().isEmpty() || System.nanoTime() - watermarkNanos >= WATERMARK_NANOS;
            if (isWatermarkDue) {
                watermarkNanos = System.nanoTime();
            }
            var answers = new ArrayList<Future<SourceBatch.Ingested>>(parts.size());
            int mapped = 0;
            for (int shard = 0; shard < parts.size(); shard++) {
                List<SourceEvent> part = parts.get(shard);
                mapped += part.size();
                boolean isBehind = covered[shard] < poll.next() && (isWatermarkDue || covered[shard] < 0);
                if (!part.isEmpty() || isBehind) {
                    answers.add(send(shard, poll, part));
                }
            }
            int ignored = poll.records().size() - mapped;
            return Future.join(answers)
                    .recover(failure -> Future.failedFuture(worst(answers, failure)))
                    .map(done -> {
                        count(answers, ignored);
                        return null;
                    });
        }

        private List<List<SourceEvent>> split(Source.Poll poll) {
            int shards = covered.length;
            var parts = new ArrayList<List<SourceEvent>>(shards);
            for (int shard = 0; shard < shards; shard++) {
                parts.add(new ArrayList<>(shards == 1 ? poll.records().size() : 16));
            }
            for (int i = 0; i < poll.records().size(); i++) {
                SourceEvent event = mapper.map(poll.records().get(i));
                if (event != null) {
                    parts.get(shards == 1 ? 0 : log.shardOf(event.stream())).add(event);
                }
            }
            return parts;
        }

        private Future<SourceBatch.Ingested> send(int shard, Source.Poll poll, List<SourceEvent> part) {
            var batch = new SourceBatch(
                    config.name(),
                    partition.clusterId(),
                    partition.topicId(),
                    partition.topic(),
                    partition.partition(),
                    covered[shard] < 0 ? poll.from() : covered[shard],
                    poll.next(),
                    config.onOffsetLossEarliest(),
                    part);
            return log.ingest(shard, batch).map(ingested -> {
                covered[shard] = poll.next();
                return ingested;
            });
        }

        /** A failure that must not be tried again wins over one that may. */
        private static Throwable worst(List<Future<SourceBatch.Ingested>> answers, Throwable first) {
            for (var answer : answers) {
                if (answer.cause() instanceof Failure failure && !failure.kind().retryable()) {
                    return failure;
                }
            }
            return first;
        }

        private void count(List<Future<SourceBatch.Ingested>> answers, int ignored) {
            int appended = 0;
            int refused = 0;
            int skipped = 0;
            for (var answer : answers) {
                appended += answer.result().appended();
                refused += answer.result().refused();
                skipped += answer.result().skipped();
            }
            appendedCount.increment(appended);
            deadLetteredCount.increment(refused);
            skippedCount.increment(skipped);
            ignoredCount.increment(ignored);
        }
    }
}
