package dev.sluice.resilience;

import dev.sluice.resilience.CircuitBreaker.Mode;
import dev.sluice.resilience.CircuitBreaker.Snapshot;
import dev.sluice.resilience.CircuitBreaker.State;
import dev.sluice.resilience.StateListener.Cause;
import dev.sluice.resilience.StateListener.Change;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What docs/mesh.md says of the breaker, written down with lists and nothing clever; without jitter, its interval never changes. */
final class NaiveBreaker {
    final List<Change> changes = new ArrayList<>();

    private final String name;
    private final long bucketNanos;
    private Policy.Breaker settings;
    private @Nullable Mode ordered;
    private State state = State.CLOSED;
    private long generation = 1;
    private long began;
    private List<Happened> happened = new ArrayList<>();
    private List<Ticket> trials = new ArrayList<>();
    private int openings;
    private long openUntil;
    private long rejected;
    private long stale;

    private record Happened(long nanos, @Nullable Outcome outcome) {}

    /** Drawn half-open it has a deadline; one with generation 0 counts for nothing. */
    static final class Ticket {
        final long generation;
        private final long deadline;
        private boolean hasSucceeded;

        private Ticket(long generation, long deadline) {
            this.generation = generation;
            this.deadline = deadline;
        }
    }

    NaiveBreaker(String name, Policy.Breaker settings, long nowNanos) {
        this.name = name;
        this.settings = settings;
        this.bucketNanos = settings.interval().toNanos() / 10;
        this.began = nowNanos;
    }

    @Nullable
    Ticket acquire(long now) {
        if (mode() == Mode.DISABLED) {
            return new Ticket(0, 0);
        }
        pass(now);
        if (mode() != Mode.FORCED_OPEN && state == State.OPEN && now >= openUntil) {
            go(State.HALF_OPEN, Cause.OPEN_TIME_OVER, now);
        }
        if (state == State.CLOSED || mode() != Mode.FORCED_OPEN && state == State.HALF_OPEN && hasTrialLeft()) {
            var ticket = new Ticket(generation, now + settings.trialTimeout().toNanos());
            happened.add(new Happened(now, null));
            trials.add(ticket);
            return ticket;
        }
        rejected++;
        return mode() == Mode.OBSERVE ? new Ticket(0, 0) : null;
    }

    void settle(Ticket ticket, Outcome outcome, long now) {
        if (ticket.generation == 0) {
            return;
        }
        pass(now);
        if (ticket.generation != generation || state == State.HALF_OPEN && ticket.hasSucceeded) {
            stale++;
            return;
        }
        if (mode() == Mode.DISABLED) {
            return;
        }
        happened.add(new Happened(now, outcome));
        if (state == State.CLOSED) {
            if ((outcome == Outcome.FAILURE || outcome == Outcome.SLOW)
                    && settings.trips().stream().anyMatch(trip -> holds(trip, now))) {
                open(Cause.TRIPPED, now);
            }
        } else if (outcome == Outcome.EXCLUDED) {
            trials.remove(ticket);
        } else if (outcome == Outcome.FAILURE
                || outcome == Outcome.SLOW && settings.trips().stream().anyMatch(trip -> trip.slowRatio() > 0)) {
            open(Cause.TRIAL_FAILED, now);
        } else {
            ticket.hasSucceeded = true;
            pass(now);
        }
    }

    Snapshot snapshot(long now) {
        pass(now);
        return new Snapshot(state, mode(), generation, counts(now), rejected, untilTrial(now));
    }

    void reload(Policy.Breaker other) {
        settings = other;
    }

    void order(@Nullable Mode mode, long now) {
        pass(now);
        ordered = mode;
        openUntil = now;
        go(
                mode == Mode.FORCED_OPEN ? State.OPEN : State.CLOSED,
                mode == Mode.FORCED_OPEN ? Cause.FORCED_OPEN : mode == Mode.DISABLED ? Cause.DISABLED : Cause.RESET,
                now);
    }

    private Mode mode() {
        return ordered != null ? ordered : Mode.valueOf(settings.mode().name());
    }

    private void pass(long now) {
        if (state != State.HALF_OPEN || mode() == Mode.DISABLED) {
            return;
        }
        var lost = trials.stream()
                .filter(trial -> !trial.hasSucceeded)
                .mapToLong(trial -> trial.deadline)
                .min();
        if (lost.isPresent() && lost.getAsLong() <= now) {
            happened.add(new Happened(lost.getAsLong(), Outcome.FAILURE));
            open(Cause.TRIAL_LOST, lost.getAsLong());
        } else if (trials.stream().filter(trial -> trial.hasSucceeded).count() >= settings.trials()) {
            go(State.CLOSED, Cause.TRIALS_SUCCEEDED, now);
        }
    }

    private boolean hasTrialLeft() {
        return trials.size() < settings.trials();
    }

    private void open(Cause cause, long since) {
        openings++;
        double nanos = settings.openFor().initial().toNanos()
                * Math.pow(settings.openFor().factor(), openings - 1);
        openUntil = since + (long) Math.min(nanos, settings.openFor().max().toNanos());
        go(State.OPEN, cause, since);
    }

    private void go(State to, Cause cause, long now) {
        var before = counts(now);
        generation++;
        changes.add(new Change(name, state, to, cause, generation, before, to == State.OPEN ? openUntil - now : 0));
        state = to;
        began = now;
        happened = new ArrayList<>();
        trials = new ArrayList<>();
        if (to == State.CLOSED) {
            openings = 0;
        }
    }

    private boolean holds(Policy.Trip trip, long now) {
        var counts = counts(now);
        boolean holds = trip.consecutiveFailures() > 0 || trip.failureRatio() > 0 || trip.slowRatio() > 0;
        if (trip.consecutiveFailures() > 0) {
            holds &= counts.consecutiveFailures() >= trip.consecutiveFailures();
        }
        if (trip.failureRatio() > 0) {
            holds &= counts.settled() >= trip.minRequests()
                    && counts.failures() >= trip.failureRatio() * counts.settled();
        }
        if (trip.slowRatio() > 0) {
            holds &= counts.settled() >= trip.minRequests() && counts.slow() >= trip.slowRatio() * counts.settled();
        }
        return holds;
    }

    private Counts counts(long now) {
        if (state == State.CLOSED) {
            happened.removeIf(each -> (now - began) / bucketNanos - (each.nanos - began) / bucketNanos >= 10);
        }
        long successes = count(Outcome.SUCCESS) + count(Outcome.SLOW);
        long run = 0;
        boolean isFailing = false;
        for (var each : happened) {
            if (each.outcome == null || each.outcome == Outcome.EXCLUDED) {
                continue;
            }
            boolean isFailure = each.outcome == Outcome.FAILURE;
            run = isFailure == isFailing ? run + 1 : 1;
            isFailing = isFailure;
        }
        return new Counts(
                count(null),
                successes,
                count(Outcome.FAILURE),
                isFailing ? 0 : run,
                isFailing ? run : 0,
                count(Outcome.SLOW),
                stale);
    }

    private long count(@Nullable Outcome outcome) {
        return happened.stream().filter(each -> each.outcome == outcome).count();
    }

    private long untilTrial(long now) {
        if (mode() == Mode.FORCED_OPEN) {
            return settings.openFor().initial().toNanos();
        }
        if (mode() != Mode.DISABLED && state == State.OPEN) {
            return Math.max(0, openUntil - now);
        }
        if (mode() == Mode.DISABLED || state == State.CLOSED || state == State.HALF_OPEN && hasTrialLeft()) {
            return 0;
        }
        return trials.stream()
                        .filter(trial -> !trial.hasSucceeded)
                        .mapToLong(trial -> trial.deadline)
                        .min()
                        .orElse(Long.MAX_VALUE)
                - now;
    }
}
