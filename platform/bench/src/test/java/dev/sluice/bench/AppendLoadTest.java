package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendLoadTest {
    private final OrderData data = new OrderData(256, 100);

    @TempDir
    Path folder;

    @Test
    void hasEveryEventInTheFileWhenItEnds() throws Exception {
        Run run;
        try (var target = new FileTarget(folder)) {
            run = new AppendLoad(data, 16).run(target, Duration.ofMillis(100).toNanos());
        }

        assertThat(run.events()).isPositive();
        assertThat(Files.size(folder.resolve("events.log"))).isEqualTo(run.events() * (16 + 256));
        assertThat(run.latencyMicros(50)).isPositive();
    }

    @Test
    void waitsForEveryAnswerOfTheTwoPutProgram() {
        try (var target = new TwoPutTarget(folder, data.streamCount())) {
            var run = new AppendLoad(data, 1).run(target, Duration.ofMillis(100).toNanos());

            assertThat(run.latencies()).isNotNull();
            assertThat(run.latencies().getTotalCount()).isEqualTo(run.events());
        }
    }

    @Test
    void failsWhenAnAppendFails() {
        var target = new AppendTarget() {
            @Override
            public void append(int stream, byte[] order, Done done) {
                done.done(new IllegalStateException("full"));
            }

            @Override
            public void close() {}
        };

        assertThatThrownBy(() -> new AppendLoad(data, 4)
                        .run(target, Duration.ofSeconds(1).toNanos()))
                .hasRootCauseMessage("full");
    }
}
