package dev.sluice.bench.mesh;

import dev.sluice.resilience.CircuitBreaker;
import dev.sluice.resilience.ConcurrencyLimit;
import dev.sluice.resilience.Outcome;
import dev.sluice.resilience.Policy;
import dev.sluice.resilience.RateLimit;
import dev.sluice.resilience.RetryBudget;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.SynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/** One successful call through each machine, with the readings of the clock that it needs unless it is told the time. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class MeshBenchmarks {
    static final int KEYS = 8_192;

    private static final int BATCH = 1_000;
    private static final long AMPLE = 1_000_000_000L;
    private static final long MICROSECOND = 1_000;
    private static final int WINDOW_CALLS = 100;
    private static final int WINDOW_SECONDS = 10;

    private final CircuitBreaker breaker =
            new CircuitBreaker("bench", SluiceSubject.settings(new Policy.Trip(6, 0.5, 0, 20)), change -> {});
    private final RateLimit limit = new RateLimit(
            new Policy.RateLimit("bench", "client", AMPLE, AMPLE, Duration.ofSeconds(1), 100_000, Policy.Mode.ENFORCE));
    private final ConcurrencyLimit gradient = new ConcurrencyLimit(
            new Policy.Concurrency(Policy.Concurrency.Kind.GRADIENT2, 4, 512, Policy.Mode.ENFORCE));
    private final RetryBudget budget = new RetryBudget(new Policy.Budget(0.2, 10));

    private final io.github.resilience4j.circuitbreaker.CircuitBreaker overCalls =
            resilience(SlidingWindowType.COUNT_BASED, WINDOW_CALLS);
    private final io.github.resilience4j.circuitbreaker.CircuitBreaker overTime =
            resilience(SlidingWindowType.TIME_BASED, WINDOW_SECONDS);

    private final String[] keys = new String[KEYS];
    private final Bucket bucket = bucket();
    private final ConcurrentHashMap<String, Bucket> buckets = new ConcurrentHashMap<>();

    private final Vertx vertx = Vertx.vertx();
    private final Context context = vertx.getOrCreateContext();
    private final io.vertx.circuitbreaker.CircuitBreaker ofVertx =
            io.vertx.circuitbreaker.CircuitBreaker.create("bench", vertx, new CircuitBreakerOptions().setTimeout(-1));

    /** Makes the keys, and their buckets. */
    @Setup
    public void fill() {
        for (int i = 0; i < KEYS; i++) {
            keys[i] = "client-" + i;
            buckets.put(keys[i], bucket());
        }
    }

    @TearDown
    public void close() {
        vertx.close().await();
    }

    @Benchmark
    public long clockTwice() {
        long start = System.nanoTime();
        return System.nanoTime() - start;
    }

    /** The machine alone: told a time that moves as in a call of a microsecond. */
    @Benchmark
    public void sluiceBreaker(Told told) {
        long ticket = breaker.acquire(told.nowNanos);
        told.nowNanos += MICROSECOND;
        breaker.settle(ticket, Outcome.SUCCESS, told.nowNanos);
    }

    @Benchmark
    public void sluiceBreakerAndClock() {
        long ticket = breaker.acquire(System.nanoTime());
        breaker.settle(ticket, Outcome.SUCCESS, System.nanoTime());
    }

    @Benchmark
    @Threads(2)
    public void sluiceBreakerAndClockTwoThreads() {
        sluiceBreakerAndClock();
    }

    @Benchmark
    public void resilienceBreakerOverCalls() {
        call(overCalls);
    }

    @Benchmark
    public void resilienceBreakerOverTime() {
        call(overTime);
    }

    @Benchmark
    @Threads(2)
    public void resilienceBreakerOverTimeTwoThreads() {
        call(overTime);
    }

    private static void call(io.github.resilience4j.circuitbreaker.CircuitBreaker resilience) {
        if (resilience.tryAcquirePermission()) {
            long start = resilience.getCurrentTimestamp();
            resilience.onSuccess(resilience.getCurrentTimestamp() - start, resilience.getTimestampUnit());
        }
    }

    /** On an event loop, where it belongs; a batch, so that the way there does not count. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void vertxBreaker() throws InterruptedException {
        var left = new AtomicInteger(BATCH);
        var isDone = new CountDownLatch(1);
        context.runOnContext(started -> {
            for (int i = 0; i < BATCH; i++) {
                ofVertx.execute(() -> Future.succeededFuture()).onComplete(done -> {
                    if (left.decrementAndGet() == 0) {
                        isDone.countDown();
                    }
                });
            }
        });
        isDone.await();
    }

    @Benchmark
    public long sluiceLimitPerKey() {
        return limit.take(key(), System.nanoTime());
    }

    @Benchmark
    @Threads(2)
    public long sluiceLimitPerKeyTwoThreads() {
        return limit.take(key(), System.nanoTime());
    }

    @Benchmark
    public boolean bucket4jPerKeyInAMap() {
        return Objects.requireNonNull(buckets.get(key())).tryConsume(1);
    }

    @Benchmark
    public boolean bucket4jAlone() {
        return bucket.tryConsume(1);
    }

    @Benchmark
    public void sluiceConcurrencyGradient2() {
        long start = System.nanoTime();
        if (gradient.acquire()) {
            gradient.release(start, Outcome.SUCCESS, System.nanoTime());
        }
    }

    @Benchmark
    public void sluiceRetryBudgetRequest() {
        budget.request(System.nanoTime());
    }

    private String key() {
        return keys[ThreadLocalRandom.current().nextInt(KEYS)];
    }

    private static Bucket bucket() {
        return Bucket.builder()
                .addLimit(bandwidth -> bandwidth.capacity(AMPLE).refillGreedy(AMPLE, Duration.ofSeconds(1)))
                .withNanosecondPrecision()
                .withSynchronizationStrategy(SynchronizationStrategy.SYNCHRONIZED)
                .build();
    }

    private static io.github.resilience4j.circuitbreaker.CircuitBreaker resilience(SlidingWindowType type, int size) {
        return io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
                "bench",
                CircuitBreakerConfig.custom().slidingWindow(size, 20, type).build());
    }

    /** The time as one thread has it. */
    @State(Scope.Thread)
    public static class Told {
        private long nowNanos;
    }
}
