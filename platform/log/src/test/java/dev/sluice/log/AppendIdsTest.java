package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.event;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendIdsTest {
    private static final long DAY = TimeUnit.DAYS.toMicros(1);

    @TempDir
    Path folder;

    private final AtomicLong now = new AtomicLong(1_700_000_000_000_000L);

    @Test
    void remembersForTheRetentionAcrossReopeningAndForgetsAfterwards() {
        try (var log = open()) {
            assertThat(append(log, "id").duplicate()).isFalse();
        }
        for (int day = 1; day <= 7; day++) {
            now.addAndGet(DAY - (day == 7 ? 1 : 0));
            try (var log = open()) {
                assertThat(append(log, "id").duplicate()).as("day " + day).isTrue();
                append(log, "of day " + day);
            }
        }

        now.addAndGet(2 * DAY);
        try (var log = open()) {
            assertThat(append(log, "id").duplicate()).isFalse();
            assertThat(append(log, "of day 7").duplicate()).isTrue();
            assertThat(append(log, "id").duplicate()).isTrue();
        }
    }

    @Test
    void dropsTheRowsOfOldIds() {
        for (int week = 0; week < 5; week++) {
            try (var log = open()) {
                append(log, "week " + week);
            }
            now.addAndGet(8 * DAY);
        }

        try (var log = open();
                var lease = log.shard(0).store().lease();
                var rows = lease.iterator(Store.Family.IDEM)) {
            int count = 0;
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                count++;
            }
            assertThat(count).isLessThanOrEqualTo(3);
        }
    }

    private Log open() {
        return Log.open(folder, LogOptions.defaults().withClock(now::get));
    }

    private static Appended append(Log log, String id) {
        return answer(log.append(
                new Append(id, 1, List.of(new Append.StreamWrite("order-1", Expected.ANY, List.of(event(id)))))));
    }
}
