package dev.sluice.bench.mesh;

import dev.sluice.bench.mesh.Subject.Call;
import dev.sluice.bench.mesh.Subject.Trip;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Short stories that each breaker goes through, what is seen at the end of each, and what should be. */
final class Scenarios {
    private static final List<Subject.Kind> KINDS =
            List.of(SluiceSubject.KIND, ResilienceSubject.KIND, VertxSubject.KIND);
    private static final Duration OPEN_OVER = Subject.OPEN_FOR.plusMillis(50);
    private static final Duration LONG = Duration.ofMillis(600);
    private static final int LATE_CALLS = 4;

    private static final List<Scenario> ALL = List.of(
            new Scenario(
                    "late successes from before it opened, a trial under way",
                    "HALF_OPEN",
                    with(Trip.FEW_FAILURES, subject -> late(subject, Call::succeed))),
            new Scenario(
                    "late failures from before it opened, a trial under way",
                    "HALF_OPEN",
                    with(Trip.FEW_FAILURES, subject -> late(subject, Call::fail))),
            new Scenario(
                    "late excluded calls from before it opened: trials of 10", "3", with(Trip.FEW_FAILURES, subject -> {
                        var calls = lateCalls(subject);
                        if (!calls.stream().map(Call::exclude).reduce(true, Boolean::logicalAnd)) {
                            return "no such end";
                        }
                        return String.valueOf(1 + begin(subject, 10).size());
                    })),
            new Scenario(
                    "all trials lost: the next call, long after", "admitted", with(Trip.FEW_FAILURES, Scenarios::lost)),
            new Scenario(
                    "the same, its time limit set",
                    "admitted",
                    kind -> play(kind, Trip.FEW_FAILURES, true, () -> {}, Scenarios::lost)),
            new Scenario(
                    "400 calls, 80 % of them failing",
                    "OPEN", with(Trip.HALF_FAILING, subject -> {
                        for (int i = 0; i < 400; i++) {
                            boolean isFailing = i % 5 != 4;
                            subject.begin().ifPresent(call -> end(call, isFailing));
                        }
                        return subject.state();
                    })),
            new Scenario("half-open: trials admitted of 10", "3", with(Trip.FEW_FAILURES, subject -> {
                trip(subject);
                subject.pass(OPEN_OVER);
                return String.valueOf(begin(subject, 10).size());
            })),
            new Scenario("three trials: one fails, two succeed", "OPEN", with(Trip.FEW_FAILURES, subject -> {
                trip(subject);
                subject.pass(OPEN_OVER);
                for (int i = 0; i < Subject.TRIALS; i++) {
                    boolean isFailing = i == 0;
                    subject.begin().ifPresent(call -> end(call, isFailing));
                }
                return subject.state();
            })),
            new Scenario(
                    "a listener that throws when it opens",
                    "OPEN, call unharmed",
                    kind -> play(kind, Trip.FEW_FAILURES, false, Scenarios::throwing, Scenarios::harm)));

    private Scenarios() {}

    /** Plays all; what each breaker showed at the end of each. */
    static List<Result> play() {
        return ALL.stream()
                .map(scenario -> {
                    var seen = new LinkedHashMap<String, String>();
                    KINDS.forEach(kind -> seen.put(kind.name(), scenario.play.apply(kind)));
                    return new Result(scenario.story, scenario.expected, seen);
                })
                .toList();
    }

    static void print(List<Result> results, PrintStream out) {
        out.printf("%-60s %-20s", "what happens (* is not what is expected)", "expected");
        KINDS.forEach(kind -> out.printf(" %-20s", kind.name()));
        out.println();
        for (var result : results) {
            out.printf("%-60s %-20s", result.story, result.expected);
            result.seen
                    .values()
                    .forEach(seen -> out.printf(" %-20s", seen.equals(result.expected) ? seen : seen + " *"));
            out.println();
        }
    }

    private static Function<Subject.Kind, String> with(Trip trip, Function<Subject, String> story) {
        return kind -> play(kind, trip, false, () -> {}, story);
    }

    private static String play(
            Subject.Kind kind, Trip trip, boolean hasTimeLimit, Runnable listener, Function<Subject, String> story) {
        try (var subject = kind.make(trip, hasTimeLimit, listener)) {
            return story.apply(subject);
        }
    }

    private static String late(Subject subject, Consumer<Call> end) {
        lateCalls(subject).forEach(end);
        return subject.state();
    }

    /** Calls from before it opened; it is half-open now, and one trial is under way. */
    private static List<Call> lateCalls(Subject subject) {
        var calls = begin(subject, LATE_CALLS);
        trip(subject);
        subject.pass(OPEN_OVER);
        if (begin(subject, 1).isEmpty()) {
            throw new IllegalStateException("found " + subject.state() + ", expected a trial to be admitted");
        }
        return calls;
    }

    private static String lost(Subject subject) {
        trip(subject);
        subject.pass(OPEN_OVER);
        begin(subject, Subject.TRIALS);
        subject.pass(LONG);
        return subject.begin().isPresent() ? "admitted" : "rejected";
    }

    private static String harm(Subject subject) {
        String call = "call unharmed";
        for (var each : begin(subject, LATE_CALLS)) {
            try {
                each.fail();
            } catch (RuntimeException thrown) {
                call = "call harmed";
            }
        }
        return subject.state() + ", " + call;
    }

    private static void throwing() {
        throw new Thrown();
    }

    private static void trip(Subject subject) {
        begin(subject, LATE_CALLS).forEach(Call::fail);
    }

    /** Those that are admitted of so many. */
    private static List<Call> begin(Subject subject, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> subject.begin())
                .flatMap(Optional::stream)
                .toList();
    }

    private static void end(Call call, boolean isFailing) {
        if (isFailing) {
            call.fail();
        } else {
            call.succeed();
        }
    }

    /** What was seen, by the breaker's name. */
    record Result(String story, String expected, Map<String, String> seen) {
        boolean isAsExpected(String name) {
            return expected.equals(seen.get(name));
        }
    }

    /** A line of log is enough. */
    private static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1;

        Thrown() {
            super("thrown by a listener, as the scenario wants it", null, false, false);
        }
    }

    private record Scenario(String story, String expected, Function<Subject.Kind, String> play) {}
}
