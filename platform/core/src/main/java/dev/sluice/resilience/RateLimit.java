package dev.sluice.resilience;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.github.bucket4j.local.LocalBucket;
import io.github.bucket4j.local.LocalBucketBuilder;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket for each key, in a table of bounded size: of more keys the least used are forgotten and begin with a full bucket
 * when they come again. For any threads.
 */
public final class RateLimit {
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
        long waitNanos = bucket(key, set, nowNanos).take(set.configuration, nowNanos);
        if (waitNanos == 0) {
            admitted.increment();
            return 0;
        }
        denied.increment();
        return set.mode == Policy.Mode.OBSERVE ? 0 : waitNanos;
    }

    private KeyBucket bucket(@Nullable String key, Settings set, long nowNanos) {
        if (key == null) {
            var shared = keyless;
            return shared != null ? shared : beginKeyless(set, nowNanos);
        }
        var bucket = table.getIfPresent(key);
        return bucket != null ? bucket : table.get(key, fresh -> new KeyBucket(set.configuration, nowNanos));
    }

    /** Only now is a time known, and a bucket begins at one. */
    private synchronized KeyBucket beginKeyless(Settings set, long nowNanos) {
        var shared = keyless;
        if (shared == null) {
            shared = new KeyBucket(set.configuration, nowNanos);
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

    /**
     * Its monitor stands for Bucket4j's lock: the bucket asks for the time, and has to get what was passed with the call. One time for
     * all buckets would be a memory cell that every thread writes.
     */
    private static final class KeyBucket implements TimeMeter {
        private final LocalBucket bucket;
        private BucketConfiguration configuration;
        private long nowNanos;

        KeyBucket(BucketConfiguration configuration, long nowNanos) {
            this.configuration = configuration;
            this.nowNanos = nowNanos;
            var builder = new LocalBucketBuilder()
                    .withCustomTimePrecision(this)
                    .withSynchronizationStrategy(SynchronizationStrategy.NONE);
            for (var bandwidth : configuration.getBandwidths()) {
                builder.addLimit(bandwidth);
            }
            bucket = builder.build();
            // The builder makes a configuration for each bucket: of many keys they fill the processor's cache.
            bucket.replaceConfiguration(configuration, TokensInheritanceStrategy.AS_IS);
        }

        synchronized long take(BucketConfiguration wanted, long nanos) {
            nowNanos = nanos;
            if (configuration != wanted) {
                bucket.replaceConfiguration(wanted, TokensInheritanceStrategy.AS_IS);
                configuration = wanted;
            }
            if (bucket.tryConsume(1)) {
                return 0;
            }
            return bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
        }

        @Override
        public long currentTimeNanos() {
            return nowNanos;
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }
}
