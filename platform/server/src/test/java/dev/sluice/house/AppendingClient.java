package dev.sluice.house;

import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A client that appends until it is told to stop. An append whose outcome it does not learn it tries again with the same id
 * until it does; some of them it gives up. On its own stream it demands the version that it knows.
 */
final class AppendingClient implements Callable<Void> {
    private static final int SHARED_STREAMS = 40;
    private static final int CUSTOMERS = 25;

    private final Api api;
    private final ServerProcess server;
    private final int number;
    private final Random random;
    private final List<Appended> appends = new ArrayList<>();
    private volatile boolean isStopped;
    private long ownVersion;
    private int unknownOutcomes;

    AppendingClient(Api api, ServerProcess server, int number, long seed) {
        this.api = api;
        this.server = server;
        this.number = number;
        this.random = new Random(seed);
    }

    /** What became of an append; {@code firstPosition} null: given up, it may be there or not. */
    record Appended(String id, int count, @Nullable String firstPosition) {}

    @Override
    public @Nullable Void call() throws InterruptedException {
        while (!isStopped) {
            var id = "writer-" + number + "-" + appends.size();
            int count = 1 + random.nextInt(3);
            boolean isOwn = random.nextInt(3) == 0;
            var stream = isOwn ? "order-own" + number : "order-" + random.nextInt(SHARED_STREAMS);
            appends.add(new Appended(id, count, settle(stream, id, events(id, count), isOwn ? ownVersion : null)));
            if (isOwn) {
                ownVersion += count;
            }
        }
        return null;
    }

    /** Tries until the answer is known, null when it gave up. */
    private @Nullable String settle(String stream, String id, String events, @Nullable Long expected)
            throws InterruptedException {
        boolean isGivenUp = expected == null && random.nextInt(4) == 0;
        while (true) {
            try {
                var answer = api.append(stream, id, events, expected);
                if (answer.status() == 200 || answer.status() == 201) {
                    return answer.body().required("position").textValue();
                }
                if (answer.status() != 503) {
                    throw new IllegalStateException(
                            "append " + id + " to " + stream + " answered " + answer.status() + ": " + answer.body());
                }
            } catch (ConnectException notSent) {
                server.awaitServing();
                continue;
            } catch (IOException outcomeUnknown) {
                unknownOutcomes++;
            }
            if (isGivenUp) {
                return null;
            }
        }
    }

    private String events(String append, int count) {
        var events = SeenEvent.JSON.createArrayNode();
        for (int i = 0; i < count; i++) {
            var event = events.addObject()
                    .put("specversion", "1.0")
                    .put("id", append + "/" + i)
                    .put("source", "urn:audit")
                    .put("type", "OrderPlaced");
            event.putObject("data")
                    .put("append", append)
                    .put("index", i)
                    .put("number", appends.size() * 10L + i)
                    .put("customer", "customer-" + random.nextInt(CUSTOMERS))
                    .put("amount", java.math.BigDecimal.valueOf(random.nextInt(100_000) - 10_000, 2));
        }
        return events.toString();
    }

    void stop() {
        isStopped = true;
    }

    /** Read after it has ended. */
    List<Appended> appends() {
        return appends;
    }

    long unknownOutcomes() {
        return unknownOutcomes;
    }
}
