package dev.sluice.ingest;

import dev.sluice.log.EventQuery;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamInfo;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metrics {@code deadletter.entries} and {@code deadletter.oldest.age} of one source: its open letters. Looks every five
 * seconds, at what was resolved since and at the oldest open letter of each stream.
 *
 * <p>To be deployed on a worker: it reads letters whole.
 */
public final class LetterMeters extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(LetterMeters.class);
    private static final long LOOK_MILLIS = 5_000;
    private static final int EVENTS_A_READ = 250;

    private final String source;
    private final EventLog log;
    private final Resolutions resolutions;
    private volatile long entries;
    /** Recorded time of the oldest, 0 for none. */
    private volatile long oldestMicros;

    private boolean isFailing;
    private boolean isClosing;

    public LetterMeters(SourceConfig config, EventLog log, DeadLetters letters, MeterRegistry meters) {
        this.source = config.name();
        this.log = log;
        this.resolutions = letters.resolutions();
        String consumer = DeadLetters.SOURCE + source;
        Gauge.builder("deadletter.entries", this, each -> each.entries)
                .tag("consumer", consumer)
                .register(meters);
        var clock = meters.config().clock();
        Gauge.builder("deadletter.oldest.age", this, each -> each.ageSeconds(clock.wallTime()))
                .tag("consumer", consumer)
                .baseUnit("seconds")
                .register(meters);
    }

    private double ageSeconds(long nowMillis) {
        long oldest = oldestMicros;
        return oldest == 0 ? 0 : Math.max(0, TimeUnit.MILLISECONDS.toMicros(nowMillis) - oldest) / 1e6;
    }

    @Override
    public Future<?> start() {
        look();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        isClosing = true;
        return Future.succeededFuture();
    }

    private void look() {
        LetterStream.ofSource(log, source)
                .compose(streams -> each(streams, 0, new Open(0, 0)))
                .onComplete(looked -> context.runOnContext(settled -> {
                    if (isClosing) {
                        return;
                    }
                    if (looked.succeeded()) {
                        entries = looked.result().entries;
                        oldestMicros = looked.result().oldestMicros;
                    } else if (!isFailing) {
                        LOG.warn(
                                "letters_not_counted source={} cause=\"{}\"",
                                source,
                                looked.cause().getMessage());
                    }
                    isFailing = looked.failed();
                    vertx.setTimer(LOOK_MILLIS, due -> look());
                }));
    }

    private record Open(long entries, long oldestMicros) {
        Open and(long more, long micros) {
            boolean isOlder = micros > 0 && (oldestMicros == 0 || micros < oldestMicros);
            return new Open(entries + more, isOlder ? micros : oldestMicros);
        }
    }

    private Future<Open> each(List<StreamInfo> streams, int index, Open open) {
        if (index == streams.size()) {
            return Future.succeededFuture(open);
        }
        var info = streams.get(index);
        var stream = LetterStream.of(info.stream());
        if (stream == null) {
            return each(streams, index + 1, open);
        }
        return resolutions.of(stream, info.lastPosition().shard()).compose(known -> {
            long count = info.version() - known.count();
            return (count <= 0 ? Future.succeededFuture(0L) : oldest(stream, known, known.floorVersion()))
                    .compose(micros -> each(streams, index + 1, open.and(Math.max(0, count), micros)));
        });
    }

    /** The recorded time of the first letter of a stream that is not resolved, 0 for none. */
    private Future<Long> oldest(LetterStream stream, Resolutions.Known known, long afterVersion) {
        return log.readStream(stream.name(), afterVersion + 1, EventQuery.Direction.FORWARD, EVENTS_A_READ)
                .compose(letters -> {
                    RecordedEvent floor = null;
                    for (RecordedEvent letter : letters) {
                        if (!known.isResolved(letter.offset())) {
                            raise(stream, floor);
                            return Future.succeededFuture(letter.recordedMicros());
                        }
                        floor = letter;
                    }
                    raise(stream, floor);
                    return floor == null ? Future.succeededFuture(0L) : oldest(stream, known, floor.version());
                });
    }

    private void raise(LetterStream stream, @Nullable RecordedEvent floor) {
        if (floor != null) {
            resolutions.raise(stream, floor.offset(), floor.version());
        }
    }
}
