package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static dev.sluice.log.Sample.append;
import static dev.sluice.log.Sample.event;
import static dev.sluice.log.Sample.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a shard and its {@link CommitLog} promise together, whatever the implementation. */
abstract class CommitLogContract {
    @TempDir
    Path folder;

    private Rig rig;
    private Log log;

    /** A commit log that tests can hold up and break. */
    interface Rig {
        /** Opens the log in a folder on this commit log; who had it before loses it. */
        Log open(Path folder);

        /** Lets commits begin but not end. */
        void hold();

        /** Waits until a commit is being held up. */
        void awaitHeld();

        /** Lets held commits end, and those to come. */
        void release();

        /** Makes the next commit that ends, or the one held up, fail; {@code isKept} says whether it is durable all the same. */
        void fail(boolean isKept);

        /** The folder another owner would use. */
        Path takeoverFolder(Path folder);
    }

    abstract Rig rig();

    @BeforeEach
    void openLog() {
        rig = rig();
        log = rig.open(folder.resolve("log"));
    }

    @AfterEach
    void closeLog() {
        rig.release();
        log.close();
    }

    @Test
    void nothingIsAnsweredOrVisibleBeforeItsCommit() {
        Tail tail = log.shard(0).tail(0);
        rig.hold();
        var first = log.append(append("order-1", "a")).toCompletableFuture();
        var refused = log.append(Append.to("order-1", Expected.NONE, List.of(event("x"))))
                .toCompletableFuture();
        rig.awaitHeld();

        assertThat(first).isNotDone();
        assertThat(refused).isNotDone();
        assertThat(log.head()).isEqualTo(Cursor.of(0));
        assertThat(log.read(Sample.all(10)).events()).isEmpty();
        assertThat(log.version("order-1")).isZero();
        assertThat(log.streams("", "", 10)).isEmpty();
        assertThat(log.event(new Position(0, 1))).isNull();
        assertThat(tail.poll(10)).isEmpty();

        rig.release();
        assertThat(answer(first).first()).isEqualTo(new Position(0, 1));
        assertThat(kindOf(refused)).isEqualTo(Failure.Kind.WRONG_EXPECTED_VERSION);
        assertThat(log.head()).isEqualTo(Cursor.of(1));
        assertThat(ids(tail.poll(10))).containsExactly("a");
    }

    @Test
    void whatWasAcceptedIsSeenByLaterWritesBeforeItsCommit() {
        rig.hold();
        List<CompletionStage<?>> answers = new ArrayList<>();
        answers.add(log.shard(0).submit(shard -> {
            shard.put("counter", "1".getBytes(StandardCharsets.UTF_8));
            return shard.append("order-1", event("a"));
        }));
        rig.awaitHeld();
        answers.add(log.append(Append.to("order-1", Expected.version(1), List.of(event("b")))));
        CompletionStage<String> row =
                log.shard(0).submit(shard -> new String(shard.get("counter"), StandardCharsets.UTF_8));
        var repeated = new Append(
                "id", 5, List.of(new Append.StreamWrite("order-1", Expected.version(2), List.of(event("c")))));
        var original = log.append(repeated);
        var duplicate = log.append(repeated);
        rig.release();

        answers.forEach(Sample::answer);
        assertThat(answer(row)).isEqualTo("1");
        assertThat(answer(original).duplicate()).isFalse();
        assertThat(answer(duplicate).duplicate()).isTrue();
        assertThat(answer(duplicate).first()).isEqualTo(answer(original).first());
        assertThat(ids(log.read(Sample.all(10)).events())).containsExactly("a", "b", "c");
    }

    @Test
    void aRowThatWentIsGoneForLaterWritesAndAfterARestart() {
        rig.hold();
        List<CompletionStage<?>> answers = new ArrayList<>();
        answers.add(log.shard(0).submit(shard -> put(shard, "a/1", "a/2", "b/1")));
        rig.awaitHeld();
        answers.add(log.shard(0).submit(shard -> {
            shard.delete("a/1");
            return shard.get("a/1") == null;
        }));
        var isGone = log.shard(0).submit(shard -> shard.get("a/1") == null);
        rig.release();
        answers.forEach(Sample::answer);

        reopen();

        assertThat(answer(isGone)).isTrue();
        assertThat(keys("a/", "", 10)).containsExactly("a/2");
        answer(log.shard(0).submit(shard -> put(shard, "a/3", "a/4")));
        assertThat(keys("a/", "", 2)).containsExactly("a/2", "a/3");
        assertThat(keys("a/", "a/3", 2)).containsExactly("a/4");
    }

    private static boolean put(ShardTransaction shard, String... keys) {
        for (String key : keys) {
            shard.put(key, new byte[] {1});
        }
        return true;
    }

    private List<String> keys(String prefix, String after, int limit) {
        return log.shard(0).rows(prefix, after, limit).stream()
                .map(Shard.Row::key)
                .toList();
    }

    @Test
    void anAnswerWithoutEventsIsRememberedAtOnceAndAfterARestart() {
        rig.hold();
        var first = log.shard(0).submit(shard -> {
            shard.remember(
                    "id", new Remembered(7, shard.lastOffset(), 0, shard.nowMicros(), List.of(), new byte[] {3}));
            return true;
        });
        rig.awaitHeld();
        var second = log.shard(0).submit(shard -> shard.remembered("id"));
        rig.release();
        answer(first);
        assertThat(answer(second).detail()).containsExactly(3);

        reopen();

        var again = answer(log.shard(0).submit(shard -> shard.remembered("id")));
        assertThat(again.digest()).isEqualTo(7);
        assertThat(again.detail()).containsExactly(3);
    }

    @Test
    void aFailedCommitStopsTheShardAtOnce() {
        answer(log.append(append("order-1", "a")));
        rig.hold();
        var inFlight = log.append(append("order-1", "b"));
        rig.awaitHeld();
        rig.fail(false);
        rig.release();

        assertThat(kindOf(inFlight)).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(kindOf(log.append(append("order-1", "c")))).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(log.shard(0).isHealthy()).isFalse();
        assertThat(log.head()).isEqualTo(Cursor.of(1));
        assertThat(ids(log.read(Sample.all(10)).events())).containsExactly("a");
    }

    @Test
    void aRetryAfterReopeningLearnsTheOutcome() {
        for (boolean isKept : new boolean[] {false, true}) {
            var once = new Append(
                    "id-" + isKept,
                    7,
                    List.of(new Append.StreamWrite("order-1", Expected.ANY, List.of(event("e" + isKept)))));
            rig.hold();
            var unknown = log.append(once);
            rig.awaitHeld();
            rig.fail(isKept);
            rig.release();
            assertThat(kindOf(unknown)).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);

            reopen();
            Appended retried = answer(log.append(once));

            assertThat(retried.duplicate()).isEqualTo(isKept);
            assertThat(log.event(retried.first()).id()).isEqualTo("e" + isKept);
        }
        assertThat(ids(log.read(Sample.all(10)).events())).containsExactly("efalse", "etrue");
    }

    @Test
    void whatIsDurableIsAPrefixOfWhatWasAccepted() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        int answered = 0;
        for (int round = 0; round < 5; round++) {
            List<CompletionStage<Appended>> answers = new ArrayList<>();
            int failAt = random.nextInt(40);
            for (int i = 0; i < 60; i++) {
                if (i == failAt) {
                    rig.fail(random.nextBoolean());
                }
                answers.add(log.append(append("order-" + i % 3, round + "/" + i)));
            }
            for (var stage : answers) {
                Failure.Kind kind = kindOf(stage);
                assertThat(kind).isIn(null, Failure.Kind.OUTCOME_UNKNOWN, Failure.Kind.UNAVAILABLE);
                answered = kind == null ? (int) answer(stage).first().offset() : answered;
            }

            reopen();

            List<String> durable = ids(log.read(Sample.all(1000)).events());
            assertThat(durable).hasSizeGreaterThanOrEqualTo(answered);
            int prefix = round;
            List<String> ofRound =
                    durable.stream().filter(id -> id.startsWith(prefix + "/")).toList();
            for (int i = 0; i < ofRound.size(); i++) {
                assertThat(ofRound.get(i)).isEqualTo(round + "/" + i);
            }
        }
    }

    @Test
    void aNewOwnerHasEverythingThatWasAnsweredAndTheOldOneIsFenced() {
        answer(log.append(append("order-1", "a")));
        var kept = new Append("id", 1, List.of(new Append.StreamWrite("order-1", Expected.ANY, List.of(event("b")))));
        answer(log.append(kept));
        answer(log.shard(0).ingest(new SourceBatch("s", "c", "t", "topic", 0, 0, 9, false, List.of())));
        answer(log.shard(0).submit(shard -> {
            shard.put("row", new byte[] {4});
            return true;
        }));
        Log old = log;

        Path elsewhere = rig.takeoverFolder(folder.resolve("log"));
        if (elsewhere.equals(folder.resolve("log"))) {
            old.close();
        }
        log = rig.open(elsewhere);

        assertThat(kindOf(old.append(append("order-1", "late"))))
                .isIn(Failure.Kind.OUTCOME_UNKNOWN, Failure.Kind.UNAVAILABLE);
        old.close();
        assertThat(ids(log.read(Sample.all(10)).events())).containsExactly("a", "b");
        assertThat(answer(log.append(kept)).duplicate()).isTrue();
        assertThat(log.shard(0).watermark("s", "topic", 0).next()).isEqualTo(9);
        byte[] row = answer(log.shard(0).submit(shard -> shard.get("row")));
        assertThat(row).containsExactly(4);
        assertThat(answer(log.append(append("order-1", "c"))).first().offset()).isEqualTo(3);
    }

    private void reopen() {
        log.close();
        log = rig.open(folder.resolve("log"));
    }

    private static Failure.Kind kindOf(CompletionStage<?> stage) {
        Failure failure = catchThrowableOfType(Failure.class, () -> answer(stage));
        return failure == null ? null : failure.kind();
    }
}
