package dev.sluice.projection;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A table, the view it belongs to and what it is for. Changed by the fold thread; its progress may be asked on any. */
final class Seat {
    private final Table table;
    private final LiveView view;
    private final Milestones milestones;
    private volatile Role role;
    private volatile boolean isHeld;
    private volatile long beganNanos;
    private volatile long beganEvents;
    private volatile @Nullable String problem;
    private volatile boolean isBroken;
    private long askAgainNanos;

    /** What a table is for. */
    enum Role {
        /** Readers see it. */
        LIVE,
        /** It is folded beside the one that readers see. */
        BUILDING,
        /** It stands where it was when another took its place. */
        KEPT
    }

    private Seat(Table table, LiveView view, Role role) {
        this.table = table;
        this.view = view;
        this.role = role;
        askAgainNanos = System.nanoTime();
        milestones = new Milestones(table.committed().checkpoint().offsets(), view.nowMicros());
    }

    static Seat live(Table table, LiveView view) {
        return new Seat(table, view, Role.LIVE);
    }

    static Seat kept(Table table, LiveView view) {
        return new Seat(table, view, Role.KEPT);
    }

    /** @param isHeld it goes live only when an operator says so */
    static Seat building(Table table, LiveView view, boolean isHeld) {
        var seat = new Seat(table, view, Role.BUILDING);
        seat.build(isHeld, System.nanoTime());
        return seat;
    }

    Table table() {
        return table;
    }

    LiveView view() {
        return view;
    }

    /** Fold thread. */
    Milestones milestones() {
        return milestones;
    }

    int generation() {
        return table.generation();
    }

    boolean isLive() {
        return role == Role.LIVE;
    }

    boolean isBuilding() {
        return role == Role.BUILDING;
    }

    boolean isKept() {
        return role == Role.KEPT;
    }

    void goLive() {
        role = Role.LIVE;
    }

    void keep() {
        role = Role.KEPT;
    }

    void build(boolean held, long nowNanos) {
        role = Role.BUILDING;
        isHeld = held;
        askAgainNanos = nowNanos;
        beganNanos = nowNanos;
        beganEvents = events();
    }

    /** It cannot be folded on. */
    void broke(String found) {
        problem = found;
        isBroken = true;
    }

    boolean isBroken() {
        return isBroken;
    }

    /** It is folded on. */
    void mended() {
        problem = null;
        isBroken = false;
    }

    /** It could not go live, and tries again; null when it could. True when that is news. Any one thread. */
    boolean waits(String found) {
        boolean isNews = !found.equals(problem) && !isBroken;
        problem = isNews ? found : problem;
        return isNews;
    }

    /** Whether it stands where the live one does, or farther. */
    boolean isLevel() {
        return table.committed().cursor().covers(view.table().committed().cursor());
    }

    /** Whether it is time to ask, again, that it goes live. */
    boolean asks(long nowNanos, long againNanos) {
        if (!isOnItsWay() || nowNanos - askAgainNanos < 0) {
            return false;
        }
        askAgainNanos = nowNanos + againNanos;
        return true;
    }

    /** Whether it will go live without being told to. */
    boolean isOnItsWay() {
        return isBuilding() && !isHeld && !isBroken;
    }

    private long events() {
        return Arrays.stream(table.committed().checkpoint().offsets()).sum();
    }

    /** How far it has come, of {@code total} events in the log. */
    Projections.Building progress(long total, long nowNanos) {
        long events = events();
        double seconds = Math.max(1, nowNanos - beganNanos) / (double) TimeUnit.SECONDS.toNanos(1);
        double rate = Math.max(0, events - beganEvents) / seconds;
        long left = Math.max(0, total - events);
        long millisLeft = left == 0 ? 0 : rate == 0 ? -1 : Math.round(left / rate * 1_000);
        return new Projections.Building(
                generation(),
                isBroken,
                problem,
                events,
                Math.max(total, events),
                Math.round(rate),
                isBroken ? -1 : millisLeft,
                isHeld);
    }
}
