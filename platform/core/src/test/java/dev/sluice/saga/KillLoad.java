package dev.sluice.saga;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Appends the events of as many sagas as it is let, each until it is acknowledged. */
final class KillLoad implements AutoCloseable {
    /** Keys that end so are of instances whose code throws as soon as it is called. */
    static final String SICK = "?";

    /** Of a payment that only code which is healed can tell the key of. */
    private static final String POISON = "payment";

    /** One of them: those that are parked keep their place among the few that may go at once. */
    private static final int SICK_NUMBER = 3;

    private static final int WRITERS = 4;

    private final KillHouse house;
    private final long seed;
    private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    private final Semaphore permits = new Semaphore(0);
    private final AtomicInteger permitted = new AtomicInteger();
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicReference<@Nullable RuntimeException> broken = new AtomicReference<>();
    private volatile boolean isOver;

    KillLoad(KillHouse house, long seed) {
        this.house = house;
        this.seed = seed;
        for (int i = 0; i < WRITERS; i++) {
            threads.execute(this::write);
        }
    }

    /** Lets so many more sagas begin. */
    void let(int sagas) {
        permitted.addAndGet(sagas);
        permits.release(sagas);
    }

    int permitted() {
        return permitted.get();
    }

    /** Sagas all of whose events are acknowledged. */
    int written() {
        var failure = broken.get();
        if (failure != null) {
            throw failure;
        }
        return written.get();
    }

    private void write() {
        try {
            while (!isOver) {
                if (permits.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                    int number = begun.getAndIncrement();
                    events(number).forEach(this::acknowledged);
                    written.incrementAndGet();
                }
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failure) {
            broken.set(failure);
        }
    }

    private static boolean isSick(int number) {
        return number == SICK_NUMBER;
    }

    static String key(int number) {
        return "k/" + number + (isSick(number) ? SICK : number % 5 == 4 ? KillParticipants.DOOMED : "");
    }

    private List<ObjectNode> events(int number) {
        var random = new Random(seed * 31 + number);
        var types = new ArrayList<>(List.of("Began"));
        if (random.nextInt(100) < 85) {
            types.add(random.nextInt(2), "Paid");
        }
        if (random.nextInt(10) == 0) {
            types.add("Cancelled");
        }
        if (random.nextInt(10) == 0) {
            types.add("Began");
        }
        var events = new ArrayList<ObjectNode>();
        for (var type : types) {
            var event =
                    event("e" + number + "-" + events.size(), "thing-" + random.nextInt(20), type, key(number), false);
            if (type.equals("Paid") && random.nextInt(10) == 0) {
                ((ObjectNode) event.get("data")).put("poison", POISON);
            }
            events.add(event);
        }
        return events;
    }

    /** @param dies the process does, whenever it comes */
    static ObjectNode event(String id, String stream, String type, String key, boolean dies) {
        var message =
                KillHouse.message("append").put("id", id).put("stream", stream).put("type", type);
        message.putObject("data").put("id", key).put("dies", dies).put("sick", key.endsWith(SICK));
        return message;
    }

    private void acknowledged(ObjectNode event) {
        boolean isWritten = false;
        while (!isWritten && !isOver) {
            isWritten = once(event);
        }
    }

    private boolean once(ObjectNode event) {
        try {
            house.call(event.deepCopy());
            return true;
        } catch (KillHouse.Gone | KillHouse.Refused stopped) {
            house.awaitNext();
            return false;
        }
    }

    @Override
    public void close() {
        isOver = true;
        threads.shutdownNow();
    }
}
