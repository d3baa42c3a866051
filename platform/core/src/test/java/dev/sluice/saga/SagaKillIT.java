package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.machine.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process full of sagas is killed in every crash window and anywhere, again and again, while participants do all that they may and an operator acts;
 * then every invariant. {@code -Dsaga.kills=200 -Dsaga.count=5000} is the long form, {@code -Dsaga.seed} draws the same again.
 */
class SagaKillIT {
    private static final int KILLS = Integer.getInteger("saga.kills", KillWindow.values().length);
    private static final int COUNT = Integer.getInteger("saga.count", 6 * KILLS);
    /** After so many kills all is checked; it reads the whole log. */
    private static final int KILLS_A_CHECK = Integer.getInteger("saga.killsACheck", Math.max(1, KILLS / 20));

    /** After so many kills it is stopped in order: what is killed all the time takes itself to be in a crash loop. */
    private static final int KILLS_A_STOP = 4;

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int LIVES_OF_A_LOOP = 10;

    @TempDir
    Path folder;

    private final long seed = Long.getLong("saga.seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final Map<KillWindow, Integer> kills = new EnumMap<>(KillWindow.class);
    private int lives;

    @Test
    void keepsEveryInvariantHoweverOftenItIsKilled() throws Exception {
        System.out.println("seed " + seed);
        long startedNanos = System.nanoTime();
        try (var participants = new KillParticipants(seed, folder.resolve("ledgers"));
                var house = new KillHouse(folder, participants);
                var load = new KillLoad(house, seed)) {
            var operator = new KillOperator(house, participants, seed);
            var check = new KillCheck(house, participants);
            for (int kill = 0; kill < KILLS; kill++) {
                var window = KillWindow.values()[kill % KillWindow.values().length];
                load.let(COUNT / KILLS);
                if (kill == KILLS / 2) {
                    house.heal();
                }
                if (kill % KILLS_A_STOP == 0) {
                    start(house, null);
                    stop(house);
                }
                killOnce(house, participants, load, operator, window);
                if (kill % KILLS_A_CHECK == 0) {
                    check(check, "after kill " + kill + " " + window);
                }
            }
            start(house, null);
            var counts = settle(house, participants, load, operator);
            stop(house);

            check(check, "at the end");
            assertThat(Files.readString(house.output())).doesNotContain(" ERROR ");
            System.out.println(
                    kills.values().stream().mapToInt(Integer::intValue).sum() + " kills " + kills + ", "
                            + lives + " lives, " + counts + ", " + participants.asked() + " commands, operator "
                            + operator.acted() + ", " + operator.retried() + " letters retried, "
                            + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos)
                            + " s");
        }
    }

    /** In order, so that what follows is no crash loop. */
    private static void stop(KillHouse house) throws InterruptedException {
        house.call(KillHouse.message("stop"));
        house.awaitEnd();
    }

    private void start(KillHouse house, String failpoint) throws IOException {
        lives++;
        house.start(failpoint);
    }

    private void killOnce(
            KillHouse house, KillParticipants participants, KillLoad load, KillOperator operator, KillWindow window)
            throws Exception {
        if (window == KillWindow.W12_CRASH_LOOP) {
            loop(house);
            house.kill();
        } else {
            var place = window.place();
            start(house, place == null ? null : place + ":" + (1 + random.nextInt(Math.max(2, COUNT / KILLS))));
            switch (window) {
                case W5_NOT_ACKNOWLEDGED -> participants.beforeNext(house::kill);
                case W6_NOT_ANSWERED -> participants.afterNext(house::kill);
                case ANYWHERE, W10_TORN_TAIL, W11_UNFLUSHED -> killAtWork(house, participants, load);
                case W1_INPUT_READ, W2_COMMITTED, W3_PUBLISHED, W4_SENT, W7_ANSWERED, W8_TIMER_DUE, W9_UNDO_SENT -> {
                    // it kills itself
                }
                case W12_CRASH_LOOP -> throw new IllegalStateException();
            }
            awaitDeath(house, load, operator, window);
        }
        house.awaitEnd();
        kills.merge(window, 1, Integer::sum);
        if (window == KillWindow.W10_TORN_TAIL) {
            tear(house.log());
        }
    }

    /** After some more commands. */
    private void killAtWork(KillHouse house, KillParticipants participants, KillLoad load) {
        long enough = participants.asked() + random.nextInt(20 * Math.max(1, COUNT / KILLS));
        house.awaitReady();
        long giveUpNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        await().pollInterval(Duration.ofMillis(5)).until(() -> {
            load.written();
            return participants.asked() >= enough || System.nanoTime() > giveUpNanos;
        });
        house.kill();
    }

    /** Acts as operator meanwhile, and lets more sagas begin when it does not come to it. */
    private void awaitDeath(KillHouse house, KillLoad load, KillOperator operator, KillWindow window) {
        await(window.name())
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    if (load.written() == load.permitted()) {
                        load.let(1);
                    }
                    act(operator);
                    return house.isDead();
                });
    }

    private static int act(KillOperator operator) {
        try {
            return operator.act();
        } catch (KillHouse.Gone killed) {
            return 0;
        }
    }

    /** The process dies of an event until it gives it up. */
    private void loop(KillHouse house) throws Exception {
        String key = "dies/" + lives;
        var event = KillLoad.event("e-" + key, "thing-7", "Began", key, true);
        for (int life = 0; life < LIVES_OF_A_LOOP; life++) {
            start(house, null);
            boolean isGivenUp = false;
            try {
                house.call(event.deepCopy());
                while (!isGivenUp) {
                    isGivenUp = contains(house.call(KillHouse.message("condemned")), key);
                }
                return;
            } catch (KillHouse.Gone died) {
                house.awaitEnd();
            }
        }
        throw new AssertionError("W12: " + key + " was not given up in " + LIVES_OF_A_LOOP + " lives");
    }

    private static boolean contains(JsonNode keys, String key) {
        for (var each : keys) {
            if (each.textValue().equals(key)) {
                return true;
            }
        }
        return false;
    }

    /** A record that was not written to its end, behind those that were. */
    private void tear(Path log) throws IOException {
        try (var files = Files.walk(log)) {
            for (var file :
                    files.filter(each -> each.toString().endsWith(".log")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                if (bytes.length > 16) {
                    try (var channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
                        channel.write(ByteBuffer.wrap(bytes, 0, 8 + random.nextInt(8)));
                    }
                }
            }
        }
    }

    /** I37: once faults stop and operators act, everything ends. */
    private Map<String, Integer> settle(
            KillHouse house, KillParticipants participants, KillLoad load, KillOperator operator) {
        participants.calm();
        load.let(Math.max(0, COUNT - load.permitted()));
        awaitEnds("I14, I37: everything ends but what is sick", house, load, operator);
        assertThat(operator.left()).as("instances that are sick").isPositive();
        operator.endSick();
        awaitEnds("I37: everything ends", house, load, operator);
        var counts = new java.util.TreeMap<String, Integer>();
        house.call(KillHouse.message("counts"))
                .properties()
                .forEach(each -> counts.put(each.getKey(), each.getValue().intValue()));
        return counts;
    }

    private static void awaitEnds(String what, KillHouse house, KillLoad load, KillOperator operator) {
        await(what)
                .atMost(PATIENCE.multipliedBy(2))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(open(house, load, operator)).isEmpty());
    }

    /** What is not at its end yet, in words. */
    private static String open(KillHouse house, KillLoad load, KillOperator operator) {
        if (load.written() != load.permitted()) {
            return load.written() + " of " + load.permitted() + " written";
        }
        int acted = operator.act();
        int letters = operator.retry();
        return acted > 0 || letters > 0
                ? acted + " acted on, " + letters + " letters open"
                : live(house, load, operator.left());
    }

    private static String live(KillHouse house, KillLoad load, int left) {
        int ended = 0;
        int live = 0;
        for (var each : house.call(KillHouse.message("counts")).properties()) {
            if (each.getKey().equals(KillChild.ERRANDS)) {
                live += each.getValue().intValue();
            } else if (Status.valueOf(each.getKey()).isEnded()) {
                ended += each.getValue().intValue();
            } else {
                live += each.getValue().intValue();
            }
        }
        int condemned = 0;
        for (var key : house.call(KillHouse.message("condemned"))) {
            condemned += key.textValue().startsWith("dies/") ? 0 : 1;
        }
        return live == left && ended + left + condemned >= load.permitted()
                ? ""
                : live + " live, " + left + " of them left, " + ended + " ended, " + condemned + " condemned of "
                        + load.permitted();
    }

    private void check(KillCheck check, String when) {
        assertThat(check.broken()).as("seed %d, %s", seed, when).isEmpty();
    }
}
