package dev.sluice.resilience;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A circuit breaker: CLOSED it counts, OPEN it rejects, HALF_OPEN it admits a few trials.
 *
 * <p>Each phase is a generation and each ticket carries the one it was drawn in, so that a late outcome is known as such and changes
 * nothing. A trial has a deadline; one that is not settled by then has failed at that moment, whether or not anybody looked. Without
 * a timer, time passes when somebody asks: the state is as of the last call.
 *
 * <p>For any threads. What is done under the monitor is a few dozen instructions of arithmetic; the listener is called after it.
 */
public final class CircuitBreaker {
    /** The ticket of a call that must not be made. */
    public static final long REJECTED = -1;

    /** The ticket of a call that is made though it counts for nothing: observed, or disabled. */
    private static final long UNCOUNTED = 0;

    /** Trials of a half-open phase at most. */
    public static final int MOST_TRIALS = 1_000;

    private static final int TRIAL_BITS = 16;
    private static final Logger LOG = LoggerFactory.getLogger(CircuitBreaker.class);

    private final String name;
    private final StateListener listener;
    private final RandomGenerator random;
    private final @Nullable Predicate<Counts> readyToTrip;
    private final Object lock = new Object();

    private final ArrayDeque<StateListener.Change> untold = new ArrayDeque<>();
    private boolean isTelling;

    private Policy.Breaker settings;
    private Mode mode;
    private boolean isOrdered;
    private boolean isSlowTrialFailed;

    private State state = State.CLOSED;
    private long generation = 1;
    private final BreakerCounts counts;
    private final Trials trials;
    private int openings;
    private long openUntilNanos;
    private long rejected;

    public CircuitBreaker(String name, Policy.Breaker settings, StateListener listener) {
        this(name, settings, listener, null, new SplittableRandom());
    }

    CircuitBreaker(
            String name,
            Policy.Breaker settings,
            StateListener listener,
            @Nullable Predicate<Counts> readyToTrip,
            RandomGenerator random) {
        this.name = name;
        this.listener = listener;
        this.readyToTrip = readyToTrip;
        this.random = random;
        this.settings = checked(settings);
        this.mode = Mode.of(settings.mode());
        this.isSlowTrialFailed = tripsOnSlow(settings);
        this.counts = new BreakerCounts(settings.interval().toNanos());
        this.trials = new Trials(settings.trials());
    }

    /** A breaker with the classic parts, by their classic names. */
    public static BreakerBuilder builder(String name) {
        return new BreakerBuilder(name);
    }

    /** A ticket to settle, or {@link #REJECTED}. */
    public long acquire(long nowNanos) {
        long ticket;
        boolean hasNews;
        synchronized (lock) {
            ticket = draw(nowNanos);
            hasNews = !untold.isEmpty();
        }
        if (hasNews) {
            tell();
        }
        return ticket;
    }

    private long draw(long nowNanos) {
        if (mode == Mode.DISABLED) {
            return UNCOUNTED;
        }
        if (mode == Mode.FORCED_OPEN) {
            rejected++;
            return REJECTED;
        }
        advance(nowNanos);
        if (state == State.CLOSED) {
            counts.admit();
            return generation << TRIAL_BITS;
        }
        if (state == State.OPEN && nowNanos - openUntilNanos >= 0) {
            change(State.HALF_OPEN, StateListener.Cause.OPEN_TIME_OVER, nowNanos);
        }
        if (state == State.HALF_OPEN && !trials.isFull(settings.trials())) {
            counts.admit();
            return generation << TRIAL_BITS
                    | trials.begin(nowNanos + settings.trialTimeout().toNanos());
        }
        rejected++;
        return mode == Mode.OBSERVE ? UNCOUNTED : REJECTED;
    }

    /** Tells what became of the call with this ticket: once for each, though a trial's second time is noticed and only counted. */
    public void settle(long ticket, Outcome outcome, long nowNanos) {
        if (ticket <= UNCOUNTED) {
            return;
        }
        boolean hasNews;
        synchronized (lock) {
            advance(nowNanos);
            if (ticket >>> TRIAL_BITS != generation) {
                counts.countStale();
            } else if (mode != Mode.DISABLED && state == State.CLOSED) {
                count(outcome, nowNanos);
            } else if (mode != Mode.DISABLED) {
                tried((int) (ticket & ((1 << TRIAL_BITS) - 1)), outcome, nowNanos);
            }
            hasNews = !untold.isEmpty();
        }
        if (hasNews) {
            tell();
        }
    }

    private void count(Outcome outcome, long nowNanos) {
        counts.settle(outcome);
        boolean isWorse = outcome == Outcome.FAILURE || outcome == Outcome.SLOW;
        if (isWorse && isReadyToTrip()) {
            open(nowNanos, StateListener.Cause.TRIPPED);
        }
    }

    private boolean isReadyToTrip() {
        if (readyToTrip == null) {
            return counts.isTripped(settings.trips());
        }
        try {
            return readyToTrip.test(counts.toCounts());
        } catch (RuntimeException thrown) {
            LOG.warn("event=ready-to-trip-failed breaker={}", name, thrown);
            return false;
        }
    }

    private void tried(int trial, Outcome outcome, long nowNanos) {
        if (!trials.isUnderWay(trial)) {
            counts.countStale();
            return;
        }
        counts.settle(outcome);
        if (outcome == Outcome.EXCLUDED) {
            trials.giveBack(trial);
        } else if (outcome == Outcome.FAILURE || outcome == Outcome.SLOW && isSlowTrialFailed) {
            open(nowNanos, StateListener.Cause.TRIAL_FAILED);
        } else {
            trials.succeed(trial);
            closeWhenAllSucceeded(nowNanos);
        }
    }

    /** Lets time pass: old counts are dropped, a trial whose deadline is past failed then. */
    private void advance(long nowNanos) {
        if (state == State.CLOSED) {
            counts.advance(nowNanos);
        } else if (state == State.HALF_OPEN && mode != Mode.DISABLED) {
            long left = trials.nanosUntilDeadline(nowNanos);
            if (left <= 0) {
                counts.settle(Outcome.FAILURE);
                open(nowNanos + left, StateListener.Cause.TRIAL_LOST);
            } else {
                closeWhenAllSucceeded(nowNanos);
            }
        }
    }

    private void closeWhenAllSucceeded(long nowNanos) {
        if (trials.succeeded() >= settings.trials()) {
            change(State.CLOSED, StateListener.Cause.TRIALS_SUCCEEDED, nowNanos);
        }
    }

    private void open(long sinceNanos, StateListener.Cause cause) {
        openings++;
        openUntilNanos = sinceNanos + settings.openFor().nanos(openings, random);
        change(State.OPEN, cause, sinceNanos);
    }

    private void change(State to, StateListener.Cause cause, long nowNanos) {
        var from = state;
        var before = counts.toCounts();
        state = to;
        generation++;
        counts.clear(nowNanos);
        trials.clear();
        if (to == State.CLOSED) {
            openings = 0;
        }
        long openNanos = to == State.OPEN ? openUntilNanos - nowNanos : 0;
        untold.add(new StateListener.Change(name, from, to, cause, generation, before, openNanos));
    }

    /** One thread tells at a time, what others add to the queue too: in order, and a listener may use the breaker. */
    private void tell() {
        while (true) {
            StateListener.Change change;
            synchronized (lock) {
                change = isTelling ? null : untold.poll();
                if (change == null) {
                    return;
                }
                isTelling = true;
            }
            try {
                listener.changed(change);
            } catch (RuntimeException thrown) {
                LOG.warn("event=breaker-listener-failed breaker={} to={}", name, change.to(), thrown);
            } finally {
                synchronized (lock) {
                    isTelling = false;
                }
            }
        }
    }

    /**
     * How long a rejected caller best waits: until the open time is over; half-open with no trial left, until the phase is decided at
     * the latest; forced open, as long as a first opening lasts, since nobody knows. 0 when it admits.
     */
    public long nanosUntilTrial(long nowNanos) {
        return snapshot(nowNanos).nanosUntilTrial();
    }

    /** What it is at this moment; a trial that was lost by then has failed. */
    public Snapshot snapshot(long nowNanos) {
        Snapshot snapshot;
        boolean hasNews;
        synchronized (lock) {
            advance(nowNanos);
            snapshot = new Snapshot(state, mode, generation, counts.toCounts(), rejected, untilTrial(nowNanos));
            hasNews = !untold.isEmpty();
        }
        if (hasNews) {
            tell();
        }
        return snapshot;
    }

    private long untilTrial(long nowNanos) {
        if (mode == Mode.FORCED_OPEN) {
            return settings.openFor().initial().toNanos();
        }
        if (mode == Mode.DISABLED) {
            return 0;
        }
        return switch (state) {
            case CLOSED -> 0;
            case OPEN -> Math.max(0, openUntilNanos - nowNanos);
            case HALF_OPEN -> trials.isFull(settings.trials()) ? trials.nanosUntilDeadline(nowNanos) : 0;
        };
    }

    /** Other settings from the next call on: state, generation, counts, open time and trials under way stay as they are. */
    public void reload(Policy.Breaker other) {
        synchronized (lock) {
            settings = checked(other);
            isSlowTrialFailed = tripsOnSlow(other);
            counts.interval(other.interval().toNanos());
            trials.reserve(other.trials());
            if (!isOrdered) {
                mode = Mode.of(other.mode());
            }
        }
    }

    /** Rejects every call until {@link #reset}. */
    public void forceOpen(long nowNanos) {
        order(Mode.FORCED_OPEN, State.OPEN, StateListener.Cause.FORCED_OPEN, nowNanos);
    }

    /** Admits every call and counts none until {@link #reset}. */
    public void disable(long nowNanos) {
        order(Mode.DISABLED, State.CLOSED, StateListener.Cause.DISABLED, nowNanos);
    }

    /** Closes it and starts afresh; what an operator ordered before is lifted. */
    public void reset(long nowNanos) {
        order(null, State.CLOSED, StateListener.Cause.RESET, nowNanos);
    }

    private void order(@Nullable Mode ordered, State to, StateListener.Cause cause, long nowNanos) {
        synchronized (lock) {
            advance(nowNanos);
            isOrdered = ordered != null;
            mode = ordered == null ? Mode.of(settings.mode()) : ordered;
            openUntilNanos = nowNanos;
            change(to, cause, nowNanos);
        }
        tell();
    }

    private static boolean tripsOnSlow(Policy.Breaker settings) {
        return settings.trips().stream().anyMatch(trip -> trip.slowRatio() > 0);
    }

    private static Policy.Breaker checked(Policy.Breaker settings) {
        if (settings.trials() < 1 || settings.trials() > MOST_TRIALS) {
            throw new IllegalArgumentException(
                    "found %d trials, expected 1 to %d".formatted(settings.trials(), MOST_TRIALS));
        }
        return settings;
    }

    public enum State {
        CLOSED,
        OPEN,
        HALF_OPEN
    }

    /** What its decisions are worth: the policy's word, or an operator's. */
    public enum Mode {
        ENFORCE,
        /** It decides and counts, and every call is admitted. */
        OBSERVE,
        FORCED_OPEN,
        DISABLED;

        private static Mode of(Policy.Mode mode) {
            return switch (mode) {
                case ENFORCE -> ENFORCE;
                case OBSERVE -> OBSERVE;
                case DISABLED -> DISABLED;
            };
        }
    }

    /**
     * A breaker at a moment.
     *
     * @param rejected since it was made; observed, what it would have rejected
     */
    public record Snapshot(
            State state, Mode mode, long generation, Counts counts, long rejected, long nanosUntilTrial) {}
}
