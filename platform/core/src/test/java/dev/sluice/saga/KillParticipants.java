package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Participants outside of the process that is killed, a ledger each. How they treat an attempt is drawn from the seed, the command and how often it
 * came. A rejection is not remembered: who got it must not send the command again.
 */
final class KillParticipants implements AutoCloseable {
    /** Keys that end so are refused by the pivot, so that there are always undos. */
    static final String DOOMED = "!";

    /** So long an attempt is waited for. */
    static final Duration TIMEOUT = Duration.ofMillis(250);

    private final long seed;
    private final Path folder;
    private final Map<String, KillLedger> ledgers = new TreeMap<>();
    /** How often a command came. */
    private final Map<String, Integer> attempts = new HashMap<>();
    /** By instance and step, the command of the way forward. */
    private final Map<String, String> commands = new ConcurrentHashMap<>();

    private final Set<String> persuaded = ConcurrentHashMap.newKeySet();
    private final AtomicLong asked = new AtomicLong();
    private final AtomicReference<@Nullable Runnable> beforeNext = new AtomicReference<>();
    private final AtomicReference<@Nullable Runnable> afterNext = new AtomicReference<>();
    private volatile boolean isCalm;

    /** What the child is told: not at all, or so often and so late. */
    record Answer(int times, long delayMillis, boolean rejects, boolean fails) {
        static final Answer NONE = new Answer(0, 0, false, false);
        static final Answer REJECTED = new Answer(1, 0, true, false);
        static final Answer DONE = new Answer(1, 0, false, false);
    }

    KillParticipants(long seed, Path folder) {
        this.seed = seed;
        this.folder = folder;
        KillChild.STEPS.forEach(step -> ledgers.put(step, new KillLedger(folder.resolve(step))));
    }

    /** From now on everything is done and answered. */
    void calm() {
        isCalm = true;
    }

    long asked() {
        return asked.get();
    }

    /** Runs once: when a command has come and nothing is done yet. */
    void beforeNext(Runnable kill) {
        beforeNext.set(kill);
    }

    /** Runs once: when a command was done and is not answered yet. */
    void afterNext(Runnable kill) {
        afterNext.set(kill);
    }

    /** One at a time, in the order in which they were sent. */
    Answer take(JsonNode ask) {
        String id = ask.path("id").textValue();
        String undoes = ask.path("undoes").textValue();
        String instance = ask.path("instance").textValue();
        String step = ask.path("step").textValue();
        var ledger = ledger(step);
        ledger.see(id);
        asked.incrementAndGet();
        if (run(beforeNext)) {
            return Answer.NONE;
        }
        int attempt = attempts.merge(id, 1, Integer::sum);
        int draw = isCalm ? 0 : new Random(seed + id.hashCode() * 1_000_003L + attempt * 31L).nextInt(100);
        var answer = undoes == null ? forward(ledger, id, instance, step, draw) : undo(ledger, undoes, instance, draw);
        run(afterNext);
        return answer;
    }

    private static boolean run(AtomicReference<@Nullable Runnable> once) {
        var kill = once.getAndSet(null);
        if (kill != null) {
            kill.run();
        }
        return kill != null;
    }

    private Answer forward(KillLedger ledger, String id, String instance, String step, int draw) {
        commands.put(instance + " " + step, id);
        if (ledger.hasDone(id)) {
            return ledger.carryOut(id, instance) ? answered(draw) : Answer.REJECTED;
        }
        if (step.equals("ship") && instance.endsWith(DOOMED)) {
            return Answer.REJECTED;
        }
        if (draw >= 96) {
            return Answer.REJECTED;
        }
        if (draw >= 90) {
            return Answer.NONE;
        }
        if (draw >= 85) {
            return new Answer(1, 0, false, true);
        }
        return ledger.carryOut(id, instance) ? answered(draw) : Answer.REJECTED;
    }

    private Answer undo(KillLedger ledger, String undoes, String instance, int draw) {
        boolean isStubborn = Math.floorMod(new Random(seed + undoes.hashCode()).nextInt(), 12) == 0;
        if (isStubborn && !persuaded.contains(instance)) {
            return Answer.REJECTED;
        }
        if (draw >= 90) {
            return Answer.NONE;
        }
        if (draw >= 80) {
            return new Answer(1, 0, false, true);
        }
        ledger.undo(undoes);
        return answered(draw);
    }

    /** It is done; what is said of it. */
    private static Answer answered(int draw) {
        if (draw >= 77 && draw < 85) {
            return Answer.NONE;
        }
        if (draw >= 70 && draw < 77) {
            return new Answer(1, 2 * TIMEOUT.toMillis(), false, false);
        }
        return draw >= 60 && draw < 70 ? new Answer(2, 0, false, false) : Answer.DONE;
    }

    /** An operator sees to it that participants give way from now on. */
    void persuade(String instance) {
        persuaded.add(instance);
    }

    /** An operator does by hand what a step does; false when it never came. */
    boolean repair(String instance, String step, boolean isUndo) {
        String command = commands.get(instance + " " + step);
        if (command == null) {
            return false;
        }
        if (isUndo) {
            ledger(step).undo(command);
            return true;
        }
        return ledger(step).carryOut(command, instance);
    }

    boolean knows(String step) {
        return ledgers.containsKey(step);
    }

    private KillLedger ledger(String step) {
        return java.util.Objects.requireNonNull(ledgers.get(step), step);
    }

    /** As their files have it, by step. */
    Map<String, KillLedger> read() {
        var read = new TreeMap<String, KillLedger>();
        KillChild.STEPS.forEach(step -> read.put(step, new KillLedger(folder.resolve(step))));
        return read;
    }

    @Override
    public void close() {
        ledgers.values().forEach(KillLedger::close);
    }
}
