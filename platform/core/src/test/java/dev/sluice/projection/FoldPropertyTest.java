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
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Whatever is defined, appended, restarted and crashed: rows are the naive fold of the log, and a subscriber misses nothing. */
class FoldPropertyTest {
    @Property(tries = 10, shrinking = ShrinkingMode.OFF)
    void rowsAreTheFoldOfTheLog(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        var folder = Files.createTempDirectory("sluice-fold");
        try (var house = new House(folder, random.nextBoolean() ? 1 : 3, Duration.ofMillis(1 + random.nextInt(300)))) {
            var definitions = new ArrayList<NaiveFold>();
            var subscriber = new Subscriber();
            for (int step = 0; step < 12; step++) {
                step(house, random, definitions);
                if (!definitions.isEmpty()) {
                    subscriber.follow(house, random);
                }
            }
            for (var definition : definitions) {
                assertThat(house.rows(definition.name()))
                        .as(definition.yaml())
                        .isEqualTo(definition.rows(events(house)));
                assertThat(house.room().info(definition.name()).rows())
                        .isEqualTo(definition.rows(events(house)).size());
                assertThat(house.room().info(definition.name()).deadLetters())
                        .as("dead letters of %s", definition.yaml())
                        .isEqualTo(definition.refused(events(house)));
            }
            if (!definitions.isEmpty()) {
                subscriber.finish(house);
                assertThat(subscriber.rows).isEqualTo(house.rows("p0"));
            }
        } finally {
            delete(folder);
        }
    }

    private static void step(House house, Random random, List<NaiveFold> definitions) {
        int kind = random.nextInt(10);
        if (kind == 0 || definitions.isEmpty()) {
            var definition = NaiveFold.random("p" + definitions.size(), random);
            house.apply(definition.yaml());
            definitions.add(definition);
        } else if (kind == 1) {
            house.restart();
        } else if (kind == 2) {
            house.crash();
        } else if (kind == 3) {
            int index = random.nextInt(definitions.size());
            var changed = NaiveFold.random("p" + index, random);
            house.apply(changed.yaml());
            definitions.set(index, changed);
        } else {
            int count = 1 + random.nextInt(200);
            for (int i = 0; i < count; i++) {
                var batch = new ArrayList<dev.sluice.log.Event>();
                for (int j = 0; j < 1 + random.nextInt(4); j++) {
                    batch.add(house.event(NaiveFold.randomType(random), NaiveFold.randomData(random)));
                }
                house.append(NaiveFold.randomStream(random), batch);
            }
        }
        // until a changed definition is live its predecessor shows other rows
        for (var definition : definitions) {
            int generation = (int) house.log().version("$projection." + definition.name());
            org.awaitility.Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> house.room().view(definition.name()).generation() == generation);
        }
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
                changes.rows().forEach(row -> rows.put(row.key(), House.json(row.row())));
                change = changes.next();
                key = changes.nextKey();
                token = changes.cursor();
            }
        }
    }
}
