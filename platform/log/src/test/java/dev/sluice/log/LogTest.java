package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.append;
import static dev.sluice.log.Sample.event;
import static dev.sluice.log.Sample.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTest {
    @TempDir
    Path folder;

    @Test
    void answersAnAppendWithItsPlaceAndShowsItAtOnce() {
        try (var log = Log.open(folder, Sample.options())) {
            answer(log.append(append("order-1", "a")));
            Appended appended = answer(log.append(append("order-1", "b", "c")));

            assertThat(appended.first()).isEqualTo(new Position(0, 2));
            assertThat(appended.streams()).containsExactly(new Appended.StreamVersions("order-1", 2, 3));
            assertThat(appended.cursor()).isEqualTo(Cursor.of(3)).isEqualTo(log.head());
            assertThat(ids(log.readStream("order-1", 1, EventQuery.Direction.FORWARD, 10)))
                    .containsExactly("a", "b", "c");
            assertThat(ids(log.read(Sample.all(10)).events())).containsExactly("a", "b", "c");
            assertThat(log.version("order-1")).isEqualTo(3);
        }
    }

    @Test
    void hasEverythingAfterReopening() {
        try (var log = Log.open(folder, Sample.options())) {
            answer(log.append(append("order-1", "a", "b")));
        }

        try (var log = Log.open(folder, Sample.options())) {
            answer(log.append(append("order-1", "c")));

            assertThat(log.head()).isEqualTo(Cursor.of(3));
            assertThat(ids(log.readStream("order-1", 0, EventQuery.Direction.BACKWARD, 2)))
                    .containsExactly("c", "b");
            assertThat(log.streams("", "", 10)).containsExactly(new StreamInfo("order-1", 3, 1, new Position(0, 3)));
        }
    }

    @Test
    void refusesAWrongExpectedVersionAndKeepsNothingOfTheAppend() {
        try (var log = Log.open(folder, Sample.options())) {
            answer(log.append(append("order-1", "a")));
            var both = new Append(
                    null,
                    0,
                    List.of(
                            new Append.StreamWrite("order-2", Expected.NONE, List.of(event("b"))),
                            new Append.StreamWrite("order-1", Expected.version(4), List.of(event("c")))));

            assertThatThrownBy(() -> answer(log.append(both))).hasMessage("stream order-1 is at version 1, expected 4");

            assertThat(log.version("order-2")).isZero();
            assertThat(log.head()).isEqualTo(Cursor.of(1));
        }
    }

    @Test
    void refusesAFolderThatIsInUse() {
        try (var log = Log.open(folder, Sample.options())) {
            assertThatThrownBy(() -> Log.open(folder, Sample.options()))
                    .hasMessageContaining("open elsewhere")
                    .extracting(failure -> ((Failure) failure).kind())
                    .isEqualTo(Failure.Kind.UNAVAILABLE);
            assertThat(log.head()).isEqualTo(Cursor.of(0));
        }
    }

    @Test
    void refusesANewerFormatAndSaysWhatToDo() throws Exception {
        Log.open(folder, Sample.options()).close();
        Path file = folder.resolve("log.properties");
        Files.writeString(file, Files.readString(file).replace("format=1", "format=7"));

        assertThatThrownBy(() -> Log.open(folder, Sample.options()))
                .hasMessageContaining("found a log of format 7")
                .hasMessageContaining("expected at most 1: run the version of Sluice that wrote it")
                .extracting(failure -> ((Failure) failure).kind())
                .isEqualTo(Failure.Kind.NEWER_FORMAT);
    }

    @Test
    void refusesAnotherShardCount() {
        Log.open(folder, Sample.options().withShards(3)).close();

        assertThatThrownBy(() -> Log.open(folder, Sample.options()))
                .hasMessageContaining("found a log of 3 shards")
                .extracting(failure -> ((Failure) failure).kind())
                .isEqualTo(Failure.Kind.CONFIG_INVALID);
    }

    @Test
    void answersUnavailableAfterClosing() {
        var log = Log.open(folder, Sample.options());
        answer(log.append(append("order-1", "a")));
        Tail tail = log.shard(0).tail(0);
        log.close();

        assertThatThrownBy(() -> answer(log.append(append("order-1", "b")))).isInstanceOf(Failure.class);
        assertThatThrownBy(() -> log.read(Sample.all(1))).hasMessageContaining("closed");
        assertThatThrownBy(() -> log.version("order-1")).hasMessageContaining("closed");
        assertThat(tail.offset()).isZero();
    }

    @Test
    void finishesWhatIsQueuedWhenItCloses() {
        var log = Log.open(folder, Sample.options());
        List<CompletableFuture<Appended>> answers = new java.util.ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            answers.add(log.append(append("order-" + i % 7, "e" + i)).toCompletableFuture());
        }

        log.close();

        assertThat(answers).allMatch(stage -> stage.isDone() && !stage.isCompletedExceptionally());
        assertThat(answers.get(4_999).join().first().offset()).isEqualTo(5_000);
    }

    @Test
    void answersOverloadedWhenTheQueueIsFull() {
        var options = new LogOptions(
                1, 8, 1 << 20, 16 << 20, 7, 64 << 20, Sample.clock(), LogMetrics.NONE, CommitLog.EMBEDDED);
        var gate = new CompletableFuture<Void>();
        try (var log = Log.open(folder, options)) {
            var first = log.shard(0).submit(shard -> gate.join());
            CompletableFuture<Appended> refused = null;
            for (int i = 0; i < 10; i++) {
                refused = log.append(append("order-1", "e" + i)).toCompletableFuture();
            }
            gate.complete(null);

            assertThatThrownBy(refused::join)
                    .isInstanceOf(CompletionException.class)
                    .extracting(failure -> ((Failure) failure.getCause()).kind())
                    .isEqualTo(Failure.Kind.OVERLOADED);
            answer(first);
        }
    }
}
