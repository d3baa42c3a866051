package dev.sluice.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalEventLogTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Vertx vertx = Vertx.vertx();
    private Log log;
    private LocalEventLog events;

    @BeforeEach
    void open() throws Exception {
        log = Log.open(folder, LogOptions.defaults().withShards(3));
        var mesh = EventBusMesh.on(vertx);
        events = new LocalEventLog(vertx, log, mesh, new ReadPool(vertx, 2));
        get(vertx.deployVerticle(new ShardVerticle(log, mesh)));
    }

    @AfterEach
    void close() throws Exception {
        get(vertx.close());
        log.close();
    }

    @Test
    void answersAnAppendWithACursorThatReadsIt() throws Exception {
        var appended = get(events.append(order(7, "OrderPlaced")));

        var read = get(events.event(appended.first()));

        assertThat(read).isNotNull();
        assertThat(read.stream()).isEqualTo("order-7");
        assertThat(appended.cursor().covers(Cursor.at(appended.first(), 3))).isTrue();
    }

    @Test
    void bringsTheLogsOwnFailure() {
        var refused = new Append(
                null, 0, List.of(new Append.StreamWrite("order-1", Expected.EXISTS, List.of(event("OrderShipped")))));

        assertThat(events.append(refused).transform(answer -> Future.succeededFuture(answer.cause())))
                .extracting(this::get)
                .isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.kind())
                        .isEqualTo(Failure.Kind.WRONG_EXPECTED_VERSION));
    }

    @Test
    void goesFromOldToLiveWithoutLossOrDuplicateWhileItIsPausedAndFetched() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        appendAll(IntStream.range(0, 2_000).map(i -> random.nextInt(50)).toArray());
        var seen = Collections.synchronizedList(new ArrayList<RecordedEvent>());
        var read = events.subscribe(new Selection.All(), Cursor.start(3), null);

        read.pause();
        read.handler(batch -> {
            seen.addAll(batch.events());
            if (random.nextInt(4) == 0) {
                read.pause();
                vertx.setTimer(1 + random.nextInt(3), late -> read.fetch(1 + random.nextInt(3)));
            }
        });
        read.fetch(1);
        appendAll(IntStream.range(0, 2_000).map(i -> random.nextInt(50)).toArray());
        read.resume();

        await().atMost(LIMIT).until(() -> {
            read.fetch(1);
            return seen.size() >= 4_000;
        });
        assertThat(get(read.close())).isNull();
        assertThat(seen).hasSize(4_000);
        Map<Integer, List<Long>> offsets = seen.stream()
                .collect(Collectors.groupingBy(
                        RecordedEvent::shard, Collectors.mapping(RecordedEvent::offset, Collectors.toList())));
        offsets.forEach((shard, inOrder) -> assertThat(inOrder)
                .containsExactlyElementsOf(IntStream.rangeClosed(1, inOrder.size())
                        .mapToObj(Long::valueOf)
                        .toList()));
    }

    @Test
    void givesNoMoreBatchesThanWereAskedForAlsoWhileItCatchesUp() throws Exception {
        appendAll(IntStream.range(0, 3_000).map(i -> i % 40).toArray());
        get(vertx.close());
        log.close();
        vertx = Vertx.vertx();
        open();
        var seen = Collections.synchronizedList(new ArrayList<RecordedEvent>());
        var asked = new java.util.concurrent.atomic.AtomicInteger(1);
        var read = events.subscribe(new Selection.OfCategory("order"), Cursor.start(3), null);

        read.pause();
        read.handler(batch -> {
            assertThat(asked.getAndDecrement()).isEqualTo(1);
            seen.addAll(batch.events());
            vertx.runOnContext(later -> {
                asked.incrementAndGet();
                read.fetch(1);
            });
        });
        read.fetch(1);

        await().atMost(LIMIT).until(() -> seen.size() >= 3_000);
        assertThat(seen).hasSize(3_000).doesNotHaveDuplicates();
        assertThat(get(read.close())).isNull();
    }

    @Test
    void leavesNoShardBehindABusyOne() throws Exception {
        appendAll(IntStream.range(0, 6_000).map(i -> i % 60).toArray());
        var seen = Collections.synchronizedList(new ArrayList<RecordedEvent>());
        var read = events.subscribe(new Selection.All(), Cursor.start(3), null);

        read.pause();
        read.handler(batch -> {
            seen.addAll(batch.events());
            vertx.setTimer(2, later -> read.fetch(1));
        });
        read.fetch(1);

        await().atMost(LIMIT).until(() -> seen.size() >= 6_000);
        assertThat(seen).hasSize(6_000).doesNotHaveDuplicates();
        assertThat(List.copyOf(seen.subList(0, 1_500)))
                .extracting(RecordedEvent::shard)
                .contains(0, 1, 2);
        assertThat(get(read.close())).isNull();
    }

    @Test
    void readsOneStreamFromWhereItsCursorStands() throws Exception {
        appendAll(IntStream.range(0, 300).map(i -> i % 3).toArray());
        Cursor middle = events.head();
        appendAll(IntStream.range(0, 300).map(i -> i % 3).toArray());
        var seen = Collections.synchronizedList(new ArrayList<Long>());

        var read = events.subscribe(new Selection.OfStream("order-1"), middle, event -> event.version() % 2 == 0);
        read.handler(batch -> batch.events().forEach(event -> seen.add(event.version())));

        await().atMost(LIMIT).until(() -> seen.size() >= 50);
        assertThat(seen)
                .containsExactlyElementsOf(IntStream.rangeClosed(101, 200)
                        .filter(version -> version % 2 == 0)
                        .mapToObj(Long::valueOf)
                        .toList());
        assertThat(get(read.close())).isNull();
    }

    @Test
    void movesItsCursorAlsoWhenNothingMatches() throws Exception {
        var cursors = Collections.synchronizedList(new ArrayList<Cursor>());
        var read = events.subscribe(new Selection.OfType("Nothing"), events.head(), null);
        read.handler(batch -> cursors.add(batch.cursor()));

        var appended = get(events.append(order(1, "OrderPlaced")));

        await().atMost(LIMIT)
                .until(() ->
                        !cursors.isEmpty() && cursors.get(cursors.size() - 1).covers(Cursor.at(appended.first(), 3)));
        assertThat(get(read.close())).isNull();
    }

    private void appendAll(int... orders) throws Exception {
        get(Future.all(IntStream.of(orders)
                .mapToObj(number -> events.append(order(number, "OrderPlaced")))
                .toList()));
    }

    private static Append order(int number, String type) {
        return Append.to("order-" + number, Expected.ANY, List.of(event(type)));
    }

    private static Event event(String type) {
        return new Event("id", type, "/test", 0, Event.JSON, Map.of(), null, "{}".getBytes(StandardCharsets.UTF_8));
    }

    private <T> T get(Future<T> future) {
        try {
            return future.await(60, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException late) {
            throw new AssertionError("no answer within a minute", late);
        }
    }
}
