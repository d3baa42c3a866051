package dev.sluice.log;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Events, options and answers for tests. */
final class Sample {
    private Sample() {}

    static Event event(String id) {
        return event("Happened", id);
    }

    static Event event(String type, String id) {
        return new Event(
                id,
                type,
                "test",
                1_000,
                Event.JSON,
                Map.of(),
                null,
                ("{\"id\":\"" + id + "\"}").getBytes(StandardCharsets.UTF_8));
    }

    static Append append(String stream, String... ids) {
        return Append.to(
                stream,
                Expected.ANY,
                java.util.Arrays.stream(ids).map(Sample::event).toList());
    }

    /** A clock that moves by a second at every look. */
    static LongSupplier clock() {
        var now = new AtomicLong(1_700_000_000_000_000L);
        return () -> now.addAndGet(1_000_000);
    }

    static LogOptions options() {
        return LogOptions.defaults().withClock(clock());
    }

    /** The answer, or the failure thrown. */
    static <T> T answer(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof TimeoutException) {
                throw new AssertionError("no answer within 30 s");
            }
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        }
    }

    static EventQuery all(int limit) {
        return query(new Selection.All(), null, EventQuery.Direction.FORWARD, limit);
    }

    static EventQuery query(
            Selection selection,
            @org.jspecify.annotations.Nullable Cursor after,
            EventQuery.Direction direction,
            int limit) {
        return new EventQuery(selection, after, null, direction, limit, Integer.MAX_VALUE, null);
    }

    static List<String> ids(List<RecordedEvent> events) {
        return events.stream().map(RecordedEvent::id).toList();
    }
}
