package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.RowStore;
import dev.sluice.watch.ExpectsErrors;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store of one view cannot be read for a while, after a restart: what was there before is not in memory. It is folded before the other, as its name is first. */
class StoreFailsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    Path folder;

    @Test
    @ExpectsErrors("projection_failed projection=ends")
    void whoCannotCommitStandsWhereItStoodAndTheOthersGoOn() throws Exception {
        try (var house = new House(folder, 1, Duration.ofMillis(50))) {
            house.apply("projection: ends\nfrom: all\nretain: 1h\nfold: { T: { n: count() } }");
            house.apply("projection: stays\nfrom: all\nfold: { T: { n: count() } }");
            house.append("s-1", "T", "{}");
            house.rows("ends");
            house.rows("stays");
            house.restart();
            house.append("s-2", "T", "{}");
            house.rows("ends");
            house.rows("stays");
            house.pass(Duration.ofHours(2));
            var closed = RowStore.open(folder.resolve("closed"), 1 << 20);
            closed.close();
            var table = ((LiveView) house.room().view("ends")).table();
            var store = Table.class.getDeclaredField("store");
            store.setAccessible(true);
            var open = store.get(table);
            store.set(table, closed);

            house.append("s-2", "T", "{}"); // row 2 is in memory; the commit looks at row 1, which is over and is not

            await().atMost(PATIENCE).until(() -> house.room().info("ends").problem() != null);
            assertThat(house.rows("stays")).isEqualTo(Map.of("1", "{\"n\":1}", "2", "{\"n\":2}"));

            store.set(table, open);
            House.answer(house.room().pause("ends", "the disk is mended"));
            House.answer(house.room().resume("ends"));
            house.append("s-2", "T", "{}");

            assertThat(house.rows("ends")).isEqualTo(Map.of("2", "{\"n\":2}"));
            assertThat(house.rows("stays")).isEqualTo(Map.of("1", "{\"n\":1}", "2", "{\"n\":3}"));
        }
    }
}
