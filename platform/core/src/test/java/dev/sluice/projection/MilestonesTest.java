package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Position;
import org.junit.jupiter.api.Test;

class MilestonesTest {
    private static final long SECOND = 1_000_000;
    private static final long START = 1_000 * SECOND;

    private final Milestones milestones = new Milestones(new long[] {5, 0}, START);

    private void note(long first, long second, long micros) {
        milestones.note(new long[] {first, second}, micros);
    }

    @Test
    void whatWasFoldedBeforeItBeganWasSeenBetweenItsRecordingAndThen() {
        assertThat(milestones.reached(new Position(0, 5), 7 * SECOND))
                .isEqualTo(new Explanation.Reached(7 * SECOND, START));
        assertThat(milestones.reached(new Position(0, 6), 7 * SECOND)).isNull();
    }

    @Test
    void tellsToATenthOfASecondWhenItCameToAnEvent() {
        note(10, 0, START + SECOND);
        note(20, 1, START + SECOND + 99_000);
        note(30, 1, START + SECOND + 100_000);

        assertThat(milestones.reached(new Position(1, 1), 0))
                .isEqualTo(new Explanation.Reached(START + SECOND, START + SECOND + 99_000));
        assertThat(milestones.reached(new Position(0, 21), 0))
                .isEqualTo(new Explanation.Reached(START + SECOND + 100_000, START + SECOND + 100_000));
        assertThat(milestones.reached(new Position(0, 31), 0)).isNull();
    }

    @Test
    void whatIsLongAgoIsToldLessExactlyAndNeverWrongly() {
        int steps = 5 * Milestones.MOST;
        for (int i = 1; i <= steps; i++) {
            note(5 + i, 0, START + i * SECOND);
        }

        for (int i = 1; i <= steps; i++) {
            var seen = milestones.reached(new Position(0, 5 + i), 0);
            assertThat(seen.afterMicros()).isLessThanOrEqualTo(START + i * SECOND);
            assertThat(seen.byMicros()).isGreaterThanOrEqualTo(START + i * SECOND);
        }
        var newest = milestones.reached(new Position(0, 5 + steps), 0);
        assertThat(newest.byMicros() - newest.afterMicros()).isZero();
    }

    @Test
    void reckonsWithTheRateOfTheLastTenSeconds() {
        note(100_005, 0, START + SECOND);
        note(100_005 + 3_000, 0, START + 60 * SECOND);

        // 3,000 in 10 s; the burst of before counts no more
        assertThat(milestones.millisUntil(new Position(0, 100_005 + 3_600), START + 60 * SECOND))
                .isEqualTo(2_000);
        assertThat(milestones.millisUntil(new Position(1, 1), START + 60 * SECOND))
                .isEqualTo(-1);
        assertThat(milestones.millisUntil(new Position(0, 200_000), START + 71 * SECOND))
                .isEqualTo(-1);
    }
}
