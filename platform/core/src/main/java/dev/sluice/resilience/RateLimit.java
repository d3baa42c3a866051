package dev.sluice.resilience;

import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.BucketState64BitsInteger;
import io.github.bucket4j.TokensInheritanceStrategy;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket for each key, in a table of bounded size: of more keys one with a full bucket, or nearly so, is forgotten and begins with
 * a full one when it comes again. For any threads.
 */
public final class RateLimit {
    private final Table table;
    private final LongAdder admitted = new LongAdder();
    private final LongAdder denied = new LongAdder();
    private volatile Settings settings;
    private volatile @Nullable KeyBucket keyless;

    public RateLimit(Policy.RateLimit settings) {
        this.settings = Settings.of(settings);
        this.table = new Table(settings.maxKeys());
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
        var bucket = table.find(key);
        return bucket != null ? bucket : table.findOrAdd(key, set.configuration, nowNanos);
    }

    /** Only now is a time known, and a bucket begins at one. */
    private synchronized KeyBucket beginKeyless(Settings set, long nowNanos) {
        var shared = keyless;
        if (shared == null) {
            shared = new KeyBucket("", 0, set.configuration, nowNanos);
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
        table.limit(other.maxKeys());
    }

    public Snapshot snapshot() {
        return new Snapshot(table.size(), admitted.sum(), denied.sum());
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
     * The buckets by key: a hash table whose entries are the buckets themselves, as most of what a call costs is waiting for memory. A
     * bucket is found without a lock; a chain holds at most {@link #MOST_IN_CHAIN}, however keys are chosen.
     */
    private static final class Table {
        private static final int FIRST_CHAINS = 16;
        private static final int MOST_IN_CHAIN = 16;

        /** Buckets of which one is forgotten. */
        private static final int BUCKETS_A_LOOK = 16;

        private volatile AtomicReferenceArray<@Nullable KeyBucket> chains = new AtomicReferenceArray<>(FIRST_CHAINS);
        private volatile int size;
        private int most;
        private int hand;

        Table(int most) {
            this.most = most;
        }

        int size() {
            return size;
        }

        @Nullable
        KeyBucket find(String key) {
            var all = chains;
            int hash = hash(key);
            for (var bucket = all.getAcquire(hash & all.length() - 1); bucket != null; bucket = bucket.next) {
                if (bucket.hash == hash && bucket.key.equals(key)) {
                    return bucket;
                }
            }
            return null;
        }

        /** The low bits choose the chain, and strings that are alike differ in few. */
        private static int hash(String key) {
            int hash = key.hashCode() * 0x9E3779B9;
            return hash ^ hash >>> 16;
        }

        synchronized KeyBucket findOrAdd(String key, BucketConfiguration configuration, long nowNanos) {
            // What was looked for without the lock may have been added, or moved, meanwhile.
            var found = find(key);
            if (found != null) {
                return found;
            }
            var added = new KeyBucket(key, hash(key), configuration, nowNanos);
            makeRoom(added.hash, nowNanos);
            link(chains, added);
            size++;
            return added;
        }

        private void makeRoom(int hash, long nowNanos) {
            if (size >= most) {
                forget(fullest(hand, Math.min(BUCKETS_A_LOOK, size), nowNanos));
            } else if (2 * (size + 1) > chains.length()) {
                grow();
            }
            int chain = hash & chains.length() - 1;
            int length = 0;
            for (var bucket = chains.get(chain); bucket != null; bucket = bucket.next) {
                length++;
            }
            if (length >= MOST_IN_CHAIN) {
                forget(fullest(chain, 1, nowNanos));
            }
        }

        private void grow() {
            var wider = new AtomicReferenceArray<@Nullable KeyBucket>(2 * chains.length());
            for (int i = 0; i < chains.length(); i++) {
                var bucket = chains.get(i);
                while (bucket != null) {
                    var next = bucket.next;
                    link(wider, bucket);
                    bucket = next;
                }
            }
            chains = wider;
        }

        private static void link(AtomicReferenceArray<@Nullable KeyBucket> chains, KeyBucket bucket) {
            int chain = bucket.hash & chains.length() - 1;
            bucket.next = chains.get(chain);
            chains.setRelease(chain, bucket);
        }

        /** The fullest of so many buckets from a chain on, so that little or nothing is lost with it; the hand is behind them then. */
        private KeyBucket fullest(int firstChain, int least, long nowNanos) {
            KeyBucket fullest = null;
            long mostTokens = Long.MIN_VALUE;
            hand = firstChain;
            for (int seen = 0; seen < least || fullest == null; hand = hand + 1 & chains.length() - 1) {
                for (var bucket = chains.get(hand); bucket != null; bucket = bucket.next) {
                    seen++;
                    long tokens = bucket.tokens(nowNanos);
                    if (tokens > mostTokens) {
                        mostTokens = tokens;
                        fullest = bucket;
                    }
                }
            }
            return fullest;
        }

        private void forget(KeyBucket forgotten) {
            int chain = forgotten.hash & chains.length() - 1;
            KeyBucket before = null;
            for (var bucket = chains.get(chain); bucket != null && bucket != forgotten; bucket = bucket.next) {
                before = bucket;
            }
            if (before == null) {
                chains.setRelease(chain, forgotten.next);
            } else {
                before.next = forgotten.next;
            }
            size--;
        }

        /** Holds so many from now on; of those that are too many the first are forgotten. */
        synchronized void limit(int most) {
            this.most = most;
            for (int i = 0; size > most; i++) {
                for (var bucket = chains.get(i); bucket != null && size > most; bucket = bucket.next) {
                    forget(bucket);
                }
            }
        }
    }

    /**
     * The tokens of a key, as Bucket4j counts them. It is that bucket's state and its lock in one, told the time, and knows its place in
     * the table.
     */
    private static final class KeyBucket extends BucketState64BitsInteger {
        private final String key;
        private final int hash;
        private volatile @Nullable KeyBucket next;

        KeyBucket(String key, int hash, BucketConfiguration configuration, long nowNanos) {
            super(configuration, nowNanos);
            this.key = key;
            this.hash = hash;
        }

        synchronized long take(BucketConfiguration wanted, long nowNanos) {
            refillAllBandwidth(nowNanos);
            if (getConfiguration() != wanted) {
                copyStateFrom(replaceConfiguration(wanted, TokensInheritanceStrategy.AS_IS, nowNanos));
            }
            if (getAvailableTokens() > 0) {
                consume(1);
                return 0;
            }
            return calculateDelayNanosAfterWillBePossibleToConsume(1, nowNanos, false);
        }

        synchronized long tokens(long nowNanos) {
            refillAllBandwidth(nowNanos);
            return getAvailableTokens();
        }
    }
}
