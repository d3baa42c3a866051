package dev.sluice.house;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Orders at a steady rate until it is stopped, over a server that may die: what it does not answer is simply lost. */
final class SteadyAppends implements AutoCloseable {
    private static final int BATCH = 20;

    /** Fields of {@link #PROJECTION}. */
    static final String PROJECTION = """
            projection: by-customer
            from: { category: order }
            key: data.customer
            fold:
              OrderPlaced: { orders: count(), gross: sum(data.amount), last: last(data.number) }
            index: [ gross desc ]
            """;

    private final Api api;
    private final ServerProcess server;
    private final int customers;
    private final Random random;
    private final AtomicInteger count = new AtomicInteger();
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Future<@Nullable Void> running;
    private volatile boolean isStopped;

    SteadyAppends(Api api, ServerProcess server, int perSecond, int customers, long seed) {
        this.api = api;
        this.server = server;
        this.customers = customers;
        this.random = new Random(seed);
        this.running = thread.submit(() -> append(perSecond));
    }

    private @Nullable Void append(int perSecond) throws InterruptedException {
        long begun = System.nanoTime();
        for (int batches = 0; !isStopped; batches++) {
            long dueNanos = begun + batches * BATCH * 1_000_000_000L / perSecond;
            TimeUnit.NANOSECONDS.sleep(Math.max(0, dueNanos - System.nanoTime()));
            try {
                var answer = api.append("order-" + batches % 50, "steady-" + batches, events(batches), null);
                count.addAndGet(answer.status() == 201 ? BATCH : 0);
            } catch (IOException gone) {
                server.awaitServing();
            }
        }
        return null;
    }

    private String events(int batch) {
        var events = SeenEvent.JSON.createArrayNode();
        for (int i = 0; i < BATCH; i++) {
            var event = events.addObject()
                    .put("specversion", "1.0")
                    .put("id", batch + "/" + i)
                    .put("source", "urn:steady")
                    .put("type", "OrderPlaced");
            event.putObject("data")
                    .put("number", batch * BATCH + i)
                    .put("customer", "customer-" + random.nextInt(customers))
                    .put("amount", BigDecimal.valueOf(random.nextInt(100_000), 2));
        }
        return events.toString();
    }

    /** Events that are known to be in the log. */
    int count() {
        return count.get();
    }

    /** Returns when nothing more is appended. */
    void stop() {
        isStopped = true;
        try {
            running.get(2, TimeUnit.MINUTES);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        isStopped = true;
        thread.shutdownNow();
    }
}
