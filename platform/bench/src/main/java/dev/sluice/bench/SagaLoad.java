package dev.sluice.bench;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.saga.machine.Status;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Begins instances of a saga by appending its event, one append each, and waits until all have come to a status. One thread. */
final class SagaLoad {
    private static final long LOOK_NANOS = 500_000;
    private static final long MOST_NANOS_WITHOUT_PROGRESS = TimeUnit.MINUTES.toNanos(3);

    private final SagaRooms rooms;
    private final OrderData data;
    private final String saga;
    private final Status end;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private long ended;
    private long endedAt = System.nanoTime();

    SagaLoad(SagaRooms rooms, OrderData data, String saga, Status end) {
        this.rooms = rooms;
        this.data = data;
        this.saga = saga;
        this.end = end;
    }

    /**
     * As many at once as are allowed.
     *
     * @param live instances that have not come to the status
     */
    void keep(int live, long count) {
        for (long begun = 0; begun < count; begun++) {
            while (begun - ended >= live) {
                look();
            }
            begin();
        }
        await(count);
    }

    /** At a constant rate, whether or not those before have got on. */
    void every(long nanos, long count) {
        long start = System.nanoTime();
        for (long begun = 0; begun < count; begun++) {
            for (long early; (early = start + begun * nanos - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(early);
            }
            begin();
        }
        await(count);
    }

    private void await(long count) {
        while (ended < count) {
            look();
        }
    }

    private void look() {
        LockSupport.parkNanos(LOOK_NANOS);
        var refused = failure.get();
        if (refused != null) {
            throw new IllegalStateException("a saga was not begun", refused);
        }
        long now = rooms.count(saga, end);
        if (now > ended) {
            ended = now;
            endedAt = System.nanoTime();
        } else if (System.nanoTime() - endedAt > MOST_NANOS_WITHOUT_PROGRESS) {
            throw new IllegalStateException(
                    "found %,d instances of %s %s and no more, expected all".formatted(ended, saga, end));
        }
    }

    private void begin() {
        byte[] order = data.nextOrder();
        String id = OrderData.idOf(order);
        var event = new Event(
                id,
                SagaShop.trigger(saga),
                "/bench",
                TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()),
                Event.JSON,
                Map.of(),
                null,
                order);
        rooms.log()
                .append(Append.to(data.stream(data.nextStream()), Expected.ANY, List.of(event)))
                .whenComplete((appended, refused) -> {
                    if (refused != null) {
                        failure.compareAndSet(null, refused);
                    }
                });
    }
}
