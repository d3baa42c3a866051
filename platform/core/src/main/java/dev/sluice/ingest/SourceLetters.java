package dev.sluice.ingest;

import dev.sluice.ingest.Resolver.Tally;
import dev.sluice.ingest.Resolver.Verb;
import dev.sluice.log.Append;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.SourceBatch;
import dev.sluice.log.SourceBatch.SourceEvent;
import dev.sluice.log.SourceResolution;
import dev.sluice.log.SourceResolution.Outcome;
import dev.sluice.log.SourceResolution.Resolved;
import dev.sluice.log.SourceResolution.Step;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Resolves dead letters of sources, and releases those that waited behind one. What may be done is decided by the shard, in the
 * write that does it ({@link SourceResolution}); here records are mapped and letters are found.
 */
final class SourceLetters {
    private static final int STEPS_A_WRITE = 200;
    private static final long BYTES_A_WRITE = 4 << 20;
    private static final int EVENTS_A_READ = 250;

    private final EventLog log;
    private final Resolutions resolutions;
    private final Map<String, SourceConfig> configs;
    private final int maxEventBytes;

    SourceLetters(EventLog log, Resolutions resolutions, List<SourceConfig> configs, int maxEventBytes) {
        this.log = log;
        this.resolutions = resolutions;
        this.configs = configs.stream().collect(Collectors.toMap(SourceConfig::name, Function.identity()));
        this.maxEventBytes = maxEventBytes;
    }

    Future<Void> resolve(LetterStream stream, RecordedEvent event, Verb verb, Tally tally) {
        RefusedRecord refused = RefusedRecord.of(event);
        if (verb == Verb.DISCARD) {
            return write(stream, refused, new Step(refused.position(), refused.isParked(), true, null), tally);
        }
        SourceConfig config = configs.get(stream.source());
        if (config == null) {
            return Future.failedFuture(Failure.of(
                    Failure.Kind.NOT_RETRYABLE,
                    "found no source " + stream.source() + " in the configuration, expected it to map the record again;"
                            + " configure it, or discard the letter"));
        }
        if (refused.isCut()) {
            return Future.failedFuture(Failure.of(
                    Failure.Kind.NOT_RETRYABLE,
                    "found dead letter " + refused.position()
                            + " with a record that was cut when it was stored (its value had "
                            + refused.valueBytes() + " bytes), expected a whole one; publish the record again to topic "
                            + refused.partition().topic() + " and discard the letter"));
        }
        SourceEvent mapped = mapper(config, refused, event.stream()).mapAgain(refused);
        return appendElsewhere(event, mapped)
                .compose(here ->
                        write(stream, refused, new Step(refused.position(), refused.isParked(), false, here), tally));
    }

    private RecordMapper mapper(SourceConfig config, RefusedRecord refused, String letters) {
        return new RecordMapper(config, refused.partition(), maxEventBytes, letters);
    }

    /**
     * Appends a record whose stream lives in another shard than its letter, under an append id of the letter, so that it is not
     * doubled when the resolution does not follow. Answers what is left to append beside the resolution.
     */
    private Future<@Nullable SourceEvent> appendElsewhere(RecordedEvent letter, @Nullable SourceEvent mapped) {
        if (mapped == null || log.shardOf(mapped.stream()) == letter.shard()) {
            return Future.succeededFuture(mapped);
        }
        var write = new Append.StreamWrite(mapped.stream(), mapped.expected(), List.of(mapped.event()));
        return log.append(new Append("dlq-retry/" + letter.position(), 0, List.of(write)))
                .compose(appended -> Future.<@Nullable SourceEvent>succeededFuture(null))
                .recover(cause -> {
                    SourceBatch.DeadLetterFactory factory = mapped.onConflict();
                    return cause instanceof Failure refusal && !refusal.kind().retryable() && factory != null
                            ? Future.succeededFuture(new SourceEvent(
                                    mapped.sourceOffset(),
                                    letter.stream(),
                                    Expected.ANY,
                                    factory.refused(refusal),
                                    null))
                            : Future.failedFuture(cause);
                });
    }

    private Future<Void> write(LetterStream stream, RefusedRecord refused, Step step, Tally tally) {
        int shard = refused.position().shard();
        return log.resolve(shard, resolution(stream, refused.partition().topic(), refused.order(), 0, List.of(step), 0))
                .compose(resolved -> {
                    switch (resolved.outcome()) {
                        case ALREADY -> tally.already++;
                        case BEHIND -> {
                            return behind(stream, refused, resolved, tally);
                        }
                        case DONE -> count(step, resolved, shard, tally);
                    }
                    return resolved.isReleasing()
                            ? release(stream, refused, resolved.head(), tally)
                            : Future.succeededFuture();
                });
    }

    private static void count(Step step, Resolved resolved, int shard, Tally tally) {
        if (resolved.again() > 0) {
            tally.failedAgain(new Position(shard, resolved.again()));
        } else if (step.isDiscarded()) {
            tally.discarded++;
        } else {
            tally.retried++;
        }
    }

    /** A release that was interrupted goes on, and takes the letter with it. */
    private Future<Void> behind(LetterStream stream, RefusedRecord refused, Resolved resolved, Tally tally) {
        if (resolved.isReleasing()) {
            return release(stream, refused, resolved.head(), tally);
        }
        Position head = new Position(refused.position().shard(), resolved.head());
        return Future.failedFuture(Failure.of(
                Failure.Kind.NOT_RETRYABLE,
                "found dead letter " + refused.position() + " waiting behind " + head
                        + " of the same key, expected that one to be retried or discarded first"));
    }

    private Future<Void> release(LetterStream stream, RefusedRecord from, long after, Tally tally) {
        String key = from.order();
        return key == null
                ? Future.succeededFuture()
                : release(stream, from.partition().topic(), key, after, tally);
    }

    /** Goes on with the releases of a partition that a crash has interrupted. */
    Future<Void> resume(SourceConfig config, String topic, int partition) {
        LetterStream stream = LetterStream.of(SourceBatch.deadLetterStream(config.name(), partition, 0, log.shards()));
        return log.releasing(config.name(), topic, partition).compose(keys -> {
            Future<Void> all = Future.succeededFuture();
            for (Map.Entry<String, Long> each : keys.entrySet()) {
                all = all.compose(done -> stream == null
                        ? Future.succeededFuture()
                        : release(stream, topic, each.getKey(), each.getValue(), new Tally()));
            }
            return all;
        });
    }

    /** Appends what waits behind a resolved letter, in order, until all is done or one is refused. */
    Future<Void> release(LetterStream stream, String topic, String key, long after, Tally tally) {
        SourceConfig config = configs.get(stream.source());
        if (config == null) {
            tally.problem("found no source " + stream.source()
                    + " in the configuration, expected it to release what waits behind the letter");
            return Future.succeededFuture();
        }
        int shard = log.shardOf(stream.name());
        return resolutions
                .of(stream, shard)
                .compose(
                        known -> pass(new Pass(stream, topic, key, config, tally, known), after, known.floorVersion()));
    }

    /** A release, while it goes on. */
    private record Pass(
            LetterStream stream, String topic, String key, SourceConfig config, Tally tally, Resolutions.Known known) {}

    private Future<Void> pass(Pass pass, long after, long afterVersion) {
        int shard = log.shardOf(pass.stream.name());
        long head = log.head().offset(shard);
        return waiting(pass, afterVersion, new ArrayList<>()).compose(found -> {
            boolean isAll = found.isAll;
            List<Step> steps = found.letters.stream()
                    .map(each -> new Step(
                            each.position(),
                            true,
                            false,
                            mapper(pass.config, each, pass.stream.name()).mapAgain(each)))
                    .toList();
            return log.resolve(shard, resolution(pass.stream, pass.topic, pass.key, after, steps, isAll ? head : 0))
                    .compose(resolved -> {
                        pass.tally.released += resolved.resolved();
                        if (resolved.again() > 0) {
                            pass.tally.failedAgain(new Position(shard, resolved.again()));
                        }
                        return resolved.outcome() == Outcome.DONE && resolved.isReleasing()
                                ? pass(pass, resolved.head(), found.upToVersion)
                                : Future.succeededFuture();
                    });
        });
    }

    /** Letters that wait, in order; {@code isAll}: no others were visible. */
    private record Waiting(List<RefusedRecord> letters, boolean isAll, long upToVersion) {}

    private Future<Waiting> waiting(Pass pass, long afterVersion, List<RefusedRecord> found) {
        return log.readStream(pass.stream.name(), afterVersion + 1, EventQuery.Direction.FORWARD, EVENTS_A_READ)
                .compose(events -> {
                    if (events.isEmpty()) {
                        return Future.succeededFuture(new Waiting(found, true, afterVersion));
                    }
                    for (RecordedEvent event : events) {
                        RefusedRecord each = pass.known.isResolved(event.offset()) ? null : RefusedRecord.of(event);
                        if (each != null
                                && each.isParked()
                                && each.partition().topic().equals(pass.topic)
                                && pass.key.equals(each.order())) {
                            found.add(each);
                        }
                        if (found.size() == STEPS_A_WRITE || bytes(found) >= BYTES_A_WRITE) {
                            return Future.succeededFuture(new Waiting(found, false, event.version()));
                        }
                    }
                    return waiting(pass, events.get(events.size() - 1).version(), found);
                });
    }

    private static long bytes(List<RefusedRecord> records) {
        return records.stream().mapToLong(RefusedRecord::valueBytes).sum();
    }

    private SourceResolution resolution(
            LetterStream stream, String topic, @Nullable String key, long after, List<Step> steps, long readUpTo) {
        return new SourceResolution(
                String.valueOf(stream.source()),
                topic,
                stream.partition(),
                key,
                after,
                steps,
                readUpTo,
                Resolutions::event);
    }
}
