package dev.sluice.house;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A client that sends commands to a few purses until it is told to stop. A command whose outcome it does not learn it sends again with
 * the same id until it does.
 */
final class CommandingClient implements Callable<Void> {
    private static final int PURSES = 4;

    private final Api api;
    private final ServerProcess server;
    private final int number;
    private final Random random;
    private final AtomicInteger answered;
    private final List<Sent> sent = new ArrayList<>();
    private volatile boolean isStopped;
    private int unknownOutcomes;

    /** @param answered counts the commands of all clients */
    CommandingClient(Api api, ServerProcess server, int number, long seed, AtomicInteger answered) {
        this.api = api;
        this.server = server;
        this.number = number;
        this.random = new Random(seed);
        this.answered = answered;
    }

    /** A command and how it was decided. {@code held} is what the purse held when it was rejected, else null. */
    record Sent(String id, String stream, long cents, Decided decided) {}

    record Decided(String outcome, long version, @Nullable Long held) {
        static Decided of(JsonNode answer) {
            var rejection = answer.get("rejection");
            var original = answer.get("original");
            return rejection == null
                    ? new Decided(
                            (original == null ? answer.required("outcome") : original).textValue(),
                            answer.required("version").longValue(),
                            null)
                    : new Decided(
                            "REJECTED",
                            answer.required("version").longValue(),
                            rejection.required("details").required("before").longValue());
        }
    }

    @Override
    public @Nullable Void call() throws InterruptedException {
        while (!isStopped) {
            String id = "client-" + number + "-" + sent.size();
            String stream = "purse-" + random.nextInt(PURSES);
            long cents = random.nextInt(801) - 400L;
            if (random.nextInt(10) == 0) {
                cents = 0;
            }
            sent.add(new Sent(id, stream, cents, Decided.of(settle(id, stream, cents))));
            answered.incrementAndGet();
        }
        return null;
    }

    /** The answer of a command, sent until there is one. */
    JsonNode settle(String id, String stream, long cents) throws InterruptedException {
        String body = "{\"stream\":\"%s\",\"data\":{\"id\":\"%s\",\"cents\":%d}}".formatted(stream, id, cents);
        while (true) {
            try {
                var answer = api.command("Move", id, body);
                if (answer.status() == 200 || answer.status() == 422) {
                    return answer.body();
                }
                if (answer.status() != 503) {
                    throw new IllegalStateException(
                            "command " + id + " answered " + answer.status() + ": " + answer.body());
                }
            } catch (ConnectException notSent) {
                server.awaitServing();
            } catch (IOException outcomeUnknown) {
                unknownOutcomes++;
            }
        }
    }

    void stop() {
        isStopped = true;
    }

    /** Read after it has ended. */
    List<Sent> sent() {
        return sent;
    }

    int unknownOutcomes() {
        return unknownOutcomes;
    }
}
