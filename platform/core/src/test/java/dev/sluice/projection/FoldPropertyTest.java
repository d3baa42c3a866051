package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whatever is defined, appended, restarted and crashed: rows are the naive fold of the log, and a subscriber misses nothing.
 * {@code -Dfold.tries=1000} tries more, {@code -Dfold.seed=…} begins with a seed that failed.
 */
class FoldPropertyTest {
    @Test
    void rowsAreTheFoldOfTheLog() throws IOException {
        long seed = Long.getLong("fold.seed", System.nanoTime());
        for (int i = 0; i < Integer.getInteger("fold.tries", 10); i++) {
            try {
                rowsAreTheFoldOfTheLog(new Random(seed + i), seed + i);
            } catch (RuntimeException | AssertionError failed) {
                throw new AssertionError("with -Dfold.seed=" + (seed + i), failed);
            }
        }
    }

    private static void rowsAreTheFoldOfTheLog(Random random, long seed) throws IOException {
        var folder = Files.createTempDirectory("sluice-fold");
        int shards = random.nextBoolean() ? 1 : 3;
        try (var house = new House(folder, shards, Duration.ofMillis(1 + random.nextInt(300)))) {
            var definitions = new ArrayList<Operated>();
            var subscriber = new Subscriber();
            for (int step = 0; step < 20; step++) {
                step(house, random, definitions, shards);
                if (!definitions.isEmpty()) {
                    subscriber.follow(house, random);
                }
            }
            definitions.forEach(operated -> operated.finish(house));
            for (var operated : definitions) {
                discardAll(house, operated.name());
            }
            // the last event of all tells what time it is, for us and for the views
            house.append("cart-0", "Tick", "{}");
            var events = events(house);
            for (var operated : definitions) {
                var definition = operated.live();
                var expected = definition.rows(events);
                assertThat(house.rows(definition.name()))
                        .as("-Dfold.seed=%s, %d shards: %s", seed, shards, definition.yaml())
                        .isEqualTo(expected);
                assertThat(house.room().info(definition.name()).rows()).isEqualTo(expected.size());
                for (var order : definition.orders()) {
                    checkOrder(house.room().view(definition.name()), order, 1 + random.nextInt(20), seed);
                }
            }
            if (!definitions.isEmpty()) {
                subscriber.finish(house);
                assertThat(subscriber.rows).as("-Dfold.seed=%s", seed).isEqualTo(house.rows("p0"));
            }
        } finally {
            delete(folder);
        }
    }

    private static void checkOrder(View view, Rows.Order order, int limit, long seed) {
        var all = House.answer(view.rows("", null, 100_000, null)).rows();
        var keys = new ArrayList<String>();
        String after = null;
        do {
            var page = House.answer(view.rowsBy(order, "", after, limit, null, false));
            page.rows().forEach(row -> keys.add(row.key()));
            after = page.next();
        } while (after != null);

        assertThat(keys).as("-Dfold.seed=%s, %s", seed, order).isEqualTo(NaiveFold.ordered(order, all));
        assertThat(House.answer(view.rowsBy(order, "", null, 100_000, row -> true, false))
                        .rows())
                .extracting(Rows.KeyedRow::key)
                .isEqualTo(keys);
        var other = new Rows.Order(order.column(), !order.isDescending());
        assertThat(House.answer(view.rowsBy(other, "", null, limit, null, true)).rows())
                .extracting(Rows.KeyedRow::key)
                .isEqualTo(NaiveFold.ordered(other, all).stream().limit(limit).toList());
    }

    /** Until none is left, also of those that were parked behind one. */
    private static void discardAll(House house, String name) {
        house.reach(name, house.log().head());
        for (int i = 0; house.room().info(name).deadLetters() > 0; i++) {
            assertThat(i).isLessThan(1_000);
            house.resolve(name, "DeadLetterDiscarded");
        }
    }

    private static void step(House house, Random random, List<Operated> definitions, int shards) {
        int kind = random.nextInt(14);
        if (kind == 0 && definitions.size() < 4 || definitions.isEmpty()) {
            definitions.add(new Operated(house, "p" + definitions.size(), random, shards));
        } else if (kind == 1) {
            house.restart();
            definitions.forEach(operated -> operated.restarted(house));
        } else if (kind == 2) {
            house.crash();
            definitions.forEach(operated -> operated.restarted(house));
        } else if (kind == 3) {
            house.pass(Duration.ofHours(random.nextInt(300)));
        } else if (kind == 4) {
            definitions
                    .get(random.nextInt(definitions.size()))
                    .resolve(house, random.nextBoolean() ? "DeadLetterRetried" : "DeadLetterDiscarded");
        } else if (kind <= 9) {
            definitions.get(random.nextInt(definitions.size())).operate(house, random);
        } else {
            int count = 1 + random.nextInt(200);
            for (int i = 0; i < count; i++) {
                var batch = new ArrayList<dev.sluice.log.Event>();
                for (int j = 0; j < 1 + random.nextInt(4); j++) {
                    batch.add(house.eventBefore(
                            NaiveFold.randomEventType(random),
                            NaiveFold.randomData(random),
                            NaiveFold.randomAge(random)));
                }
                house.append(NaiveFold.randomStream(random), batch);
            }
        }
        definitions.forEach(operated -> operated.settle(house));
    }

    static List<RecordedEvent> events(House house) {
        var events = new ArrayList<RecordedEvent>();
        var query =
                new EventQuery(new Selection.All(), null, null, EventQuery.Direction.FORWARD, 1000, 1_000_000, null);
        while (true) {
            var page = house.log().read(query);
            events.addAll(page.events());
            if (page.end()) {
                events.sort(Comparator.comparingLong(RecordedEvent::recordedMicros)
                        .thenComparingInt(RecordedEvent::shard)
                        .thenComparingLong(RecordedEvent::offset));
                return events;
            }
            query = new EventQuery(
                    query.selection(), page.next(), null, query.direction(), query.limit(), query.maxScan(), null);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** A client that keeps rows and a token, as a browser does: it reads on, now and then only in part. */
    private static final class Subscriber {
        private final Map<String, String> rows = new TreeMap<>();
        private Cursor token = Cursor.start(1);

        void follow(House house, Random random) {
            read(house, 1 + random.nextInt(20), random.nextInt(4));
        }

        private void take(Rows.KeyedRow changed) {
            if (changed.row() == null) {
                rows.remove(changed.key());
            } else {
                rows.put(changed.key(), House.json(changed.row()));
            }
        }

        void finish(House house) {
            house.reach("p0", house.log().head());
            read(house, 7, Integer.MAX_VALUE);
        }

        private void read(House house, int limit, int times) {
            var view = house.room().view("p0");
            var resume = view.resume(token);
            if (!resume.exact()) {
                var page = House.answer(view.rows("", null, 100_000, null));
                rows.clear();
                page.rows().forEach(row -> rows.put(row.key(), House.json(row.row())));
                token = page.cursor();
                resume = view.resume(token);
            }
            long change = resume.change();
            String key = resume.key();
            for (int i = 0; i < times && (change < view.change() || key != null); i++) {
                var changes = House.answer(view.changesAfter(change, key, limit));
                if (changes.isForgotten()) {
                    read(house, limit, times);
                    return;
                }
                changes.rows().forEach(this::take);
                change = changes.next();
                key = changes.nextKey();
                token = changes.cursor();
            }
        }
    }
}
