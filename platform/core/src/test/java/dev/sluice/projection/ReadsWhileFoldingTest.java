package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Event;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the fold, the store and its flushes do meanwhile, what is read was so at one moment. */
class ReadsWhileFoldingTest {
    private static final int APPENDS = 600;
    private static final int EVENTS = 50;

    @TempDir
    Path folder;

    @Test
    void everyReadCountsExactlyTheEventsOfItsCursor() {
        try (var house = new House(folder, 1, Duration.ofMillis(5))) {
            house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: count() } }");
            long others = house.log().head().offset(0);
            var appending = CompletableFuture.runAsync(() -> append(house));
            var view = house.room().view("p");
            var followed = new HashMap<String, BigDecimal>();
            long change = 0;
            String key = null;

            int reads = 0;
            boolean isLast = false;
            while (!isLast) {
                isLast = appending.isDone();
                if (isLast) {
                    house.reach("p", house.log().head());
                }
                var page = House.answer(view.rows("", null, 10_000, null));
                assertThat(page.rows().stream()
                                .mapToLong(row -> count(row).longValue())
                                .sum())
                        .isEqualTo(page.cursor().offset(0) - others);

                var changes = House.answer(view.changesAfter(change, key, reads % 3 == 0 ? 100 : 10_000));
                changes.rows().forEach(row -> followed.put(row.key(), count(row)));
                change = changes.next();
                key = changes.nextKey();
                if (key == null
                        && change == changes.cursor().view().change()
                        && changes.rows().size() < 100) {
                    assertThat(followed.values().stream()
                                    .mapToLong(BigDecimal::longValue)
                                    .sum())
                            .isEqualTo(changes.cursor().offset(0) - others);
                }
                reads++;
            }

            assertThat(reads).isGreaterThan(5);
            assertThat(view.cursor().offset(0) - others).isEqualTo((long) APPENDS * EVENTS);
        }
    }

    private static BigDecimal count(Rows.KeyedRow row) {
        return (BigDecimal) row.row().get("n");
    }

    private static void append(House house) {
        var random = new Random(7);
        for (int i = 0; i < APPENDS; i++) {
            var batch = new ArrayList<Event>();
            for (int j = 0; j < EVENTS; j++) {
                batch.add(house.event("T", "{}"));
            }
            house.append("x-" + random.nextInt(3_000), batch);
        }
    }
}
