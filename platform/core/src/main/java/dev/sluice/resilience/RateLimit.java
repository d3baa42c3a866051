package dev.sluice.resilience;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.github.bucket4j.local.LocalBucket;
import io.github.bucket4j.local.LocalBucketBuilder;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket for each key, in a table of bounded size: of more keys the least used are forgotten and begin with a full bucket
 * when they come again. For any threads.
 */
public final class RateLimit {
    private final Meter meter = new Meter();
    private final Cache<String, KeyBucket> table;
    private final LongAdder admitted = new LongAdder();
    private final LongAdder denied = new LongAdder();
    private volatile Settings settings;
    private volatile @Nullable KeyBucket keyless;

    public RateLimit(Policy.RateLimit settings) {
        this.settings = Settings.of(settings);
        this.table = Caffeine.newBuilder()
                .maximumSize(settings.maxKeys())
                .executor(Runnable::run)
                .build();
    }

    /**
     * Takes a token: 0 when there was one, else the nanoseconds until there is.
     *
     * @param key whose bucket; all without one share a bucket
     */
    public long take(@Nullable String key, long nowNanos) {
        var set = settings;
        if (set.mode == Policy.Mode.DISABLED) {
            return 0;
        }
        meter.set(nowNanos);
        long waitNanos = bucket(key, set).take(set.configuration);
        if (waitNanos == 0) {
            admitted.increment();
            return 0;
        }
        denied.increment();
        return set.mode == Policy.Mode.OBSERVE ? 0 : waitNanos;
    }

    private KeyBucket bucket(@Nullable String key, Settings set) {
        if (key == null) {
            var shared = keyless;
            return shared != null ? shared : beginKeyless(set);
        }
        var bucket = table.getIfPresent(key);
        return bucket != null ? bucket : table.get(key, fresh -> new KeyBucket(set.configuration, meter));
    }

    /** Only now is a time known, and a bucket begins at one. */
    private synchronized KeyBucket beginKeyless(Settings set) {
        var shared = keyless;
        if (shared == null) {
            shared = new KeyBucket(set.configuration, meter);
            keyless = shared;
        }
        return shared;
    }

    /**
     * Other settings from the next call on. A bucket keeps the tokens it has, as far as they fit the new capacity: a reload hands none
     * out. It changes when its key next comes.
     */
    public void reload(Policy.RateLimit other) {
        var set = Settings.of(other);
        // The same configuration object, so that no bucket has to change.
        settings =
                set.configuration.equals(settings.configuration) ? new Settings(settings.configuration, set.mode) : set;
        table.policy().eviction().orElseThrow().setMaximum(other.maxKeys());
    }

    public Snapshot snapshot() {
        table.cleanUp();
        return new Snapshot(table.estimatedSize(), admitted.sum(), denied.sum());
    }

    /**
     * A rate limit at a moment.
     *
     * @param keys that have a bucket of their own
     * @param denied observed, what it would have denied
     */
    public record Snapshot(long keys, long admitted, long denied) {}

    private record Settings(BucketConfiguration configuration, Policy.Mode mode) {
        static Settings of(Policy.RateLimit settings) {
            var configuration = BucketConfiguration.builder()
                    .addLimit(limit -> limit.capacity(settings.capacity())
                            .refillGreedy(settings.refill(), settings.refillPeriod()))
                    .build();
            return new Settings(configuration, settings.mode());
        }
    }

    private static final class KeyBucket {
        private final LocalBucket bucket;
        private volatile BucketConfiguration configuration;

        KeyBucket(BucketConfiguration configuration, TimeMeter meter) {
            var builder = new LocalBucketBuilder()
                    .withCustomTimePrecision(meter)
                    .withSynchronizationStrategy(SynchronizationStrategy.SYNCHRONIZED);
            for (var bandwidth : configuration.getBandwidths()) {
                builder.addLimit(bandwidth);
            }
            this.bucket = builder.build();
            this.configuration = configuration;
        }

        long take(BucketConfiguration wanted) {
            if (configuration != wanted) {
                change(wanted);
            }
            if (bucket.tryConsume(1)) {
                return 0;
            }
            return Math.max(1, bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill());
        }

        private synchronized void change(BucketConfiguration wanted) {
            if (configuration != wanted) {
                bucket.replaceConfiguration(wanted, TokensInheritanceStrategy.AS_IS);
                configuration = wanted;
            }
        }
    }

    /** The time that was passed last, by any thread: Bucket4j asks for it, and takes one that went back for none. */
    private static final class Meter implements TimeMeter {
        private static final VarHandle NOW = now();

        @SuppressWarnings("unused")
        private long nowNanos;

        void set(long nanos) {
            NOW.setOpaque(this, nanos);
        }

        @Override
        public long currentTimeNanos() {
            return (long) NOW.getOpaque(this);
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }

        private static VarHandle now() {
            try {
                return MethodHandles.lookup().findVarHandle(Meter.class, "nowNanos", long.class);
            } catch (ReflectiveOperationException impossible) {
                throw new ExceptionInInitializerError(impossible);
            }
        }
    }
}
