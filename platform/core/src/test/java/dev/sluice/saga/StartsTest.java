package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StartsTest {
    private static Starts crashed(Starts before, long cursor) {
        return Starts.after(before, List.of(cursor));
    }

    @Test
    void seesACrashLoopAlsoWhenOtherInputsGoOnMeanwhile() {
        var third = crashed(crashed(crashed(null, 1), 5), 9);

        assertThat(third.isLoop()).isTrue();
        assertThat(third.ended().isLoop()).isFalse();
    }

    @Test
    void condemnsTheInputThatTheProcessEndedWithTwiceThoughOthersWereTriedBeforeIt() {
        var once = crashed(crashed(crashed(crashed(null, 1), 1), 1).trying("bad"), 1);
        var between = once.trying("good");
        var twice = crashed(once.trying("bad"), 7);

        assertThat(once.condemns("bad")).isFalse();
        assertThat(between.condemns("good")).isFalse();
        assertThat(twice.condemns("bad")).isTrue();
        assertThat(twice.condemns("good")).isFalse();
    }

    @Test
    void condemnsNothingThatWasTriedWhenTheProcessWasKilledOnce() {
        var first = crashed(crashed(crashed(crashed(null, 1), 1), 1).trying("good"), 1);
        var second = crashed(first.trying("other"), 1);

        assertThat(second.condemns("good")).isFalse();
        assertThat(second.condemns("other")).isFalse();
    }
}
