package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tables there are, and the lanes of those that are folded. For the fold thread. */
final class Roster {
    private static final Logger LOG = LoggerFactory.getLogger(Roster.class);

    private final Log log;
    private final DeltaPublisher publisher;
    private final Spiller spiller;
    private final Map<Table, Seat> seats = new IdentityHashMap<>();
    private final List<Lane> lanes = new ArrayList<>();
    private List<Seat> building = List.of();

    Roster(Log log, DeltaPublisher publisher, Spiller spiller) {
        this.log = log;
        this.publisher = publisher;
        this.spiller = spiller;
    }

    Collection<Seat> seats() {
        return Collections.unmodifiableCollection(seats.values());
    }

    /** First the one farthest on; the others are not in order. */
    List<Lane> lanes() {
        return Collections.unmodifiableList(lanes);
    }

    List<Seat> building() {
        return building;
    }

    Seat seat(Table table) {
        return Objects.requireNonNull(seats.get(table), "a table without a seat");
    }

    boolean isFirst(Seat seat) {
        return !lanes.isEmpty() && lanes.get(0).tables().contains(seat.table());
    }

    /** The generation of a view that is being built, GENERATION_NOT_READY when it is not. */
    Seat built(LiveView view, int generation) {
        return building.stream()
                .filter(seat -> seat.view() == view && seat.generation() == generation)
                .findFirst()
                .orElseThrow(() -> Failure.of(
                        Failure.Kind.GENERATION_NOT_READY,
                        "found generation " + generation + " of projection " + view.name()
                                + " given up, expected it to be built"));
    }

    /** Folds a table from now on. */
    void take(Seat seat) {
        seats.put(seat.table(), seat);
        seatsChanged(seat.view());
        join(seat);
    }

    /** Folds a kept generation on, in place of what is being built; false when its rows are not there. */
    boolean revive(LiveView view, int generation) {
        giveUpBuilding(view);
        var kept = seatsOf(view).stream()
                .filter(seat -> seat.isKept() && seat.generation() == generation)
                .findFirst();
        kept.ifPresent(seat -> {
            seat.build(false, System.nanoTime());
            take(seat);
        });
        return kept.isPresent();
    }

    void giveUpBuilding(LiveView view) {
        seatsOf(view).stream().filter(Seat::isBuilding).forEach(this::remove);
    }

    /** Readers go on with another table; the one they saw is kept, the one kept before is dropped. */
    void goLive(Seat seat) {
        var view = seat.view();
        var at = seat.table().committed().cursor();
        for (var other : seatsOf(view)) {
            if (other.isLive()) {
                other.keep();
                other.table().alertUntil(at);
                other.table().rest();
            } else if (other.isKept() || other.generation() < seat.generation()) {
                remove(other);
            }
        }
        seat.goLive();
        seat.table().alert(at, null);
        view.switchTo(seat.table());
        seatsChanged(view);
        view.problem(null);
        view.wakeWaiters();
        publisher.switched(seat.table(), System.nanoTime());
        LOG.info("generation_live projection={} generation={}", view.name(), seat.generation());
    }

    void delete(LiveView view) {
        seatsOf(view).forEach(this::remove);
        view.delete();
        publisher.deleted(view.table());
    }

    /** Folds the tables of a view no more. */
    void halt(LiveView view) {
        seatsOf(view).forEach(seat -> leave(seat.table()));
    }

    /** Folds the tables of a halted view again. */
    void proceed(LiveView view) {
        seatsOf(view).forEach(this::join);
    }

    /** Into the lane that stands at the same place, else into one of its own; not when it is not, or cannot be, folded. */
    private void join(Seat seat) {
        var table = seat.table();
        if (seat.isKept()
                || seat.view().isPaused()
                || table.missing() != null
                || lanes.stream().anyMatch(lane -> lane.tables().contains(table))) {
            return;
        }
        seat.mended();
        long[] offsets = table.committed().checkpoint().offsets();
        var same = lanes.stream().filter(lane -> lane.isAt(offsets)).findFirst();
        if (same.isPresent()) {
            same.get().add(List.of(table));
        } else {
            lanes.add(new Lane(log, List.of(table)));
            lanes.sort(Comparator.comparingLong(Lane::sum).reversed());
        }
    }

    /** Makes two lanes one when they stand at the same place. */
    boolean merge(Lane lane, Lane into) {
        if (!lanes.contains(lane) || !lanes.contains(into) || !lane.isAt(into.offsets())) {
            return false;
        }
        lanes.remove(lane);
        into.add(List.copyOf(lane.tables()));
        return true;
    }

    void leave(Table table) {
        lanes.forEach(lane -> lane.remove(table));
        lanes.removeIf(lane -> lane.tables().isEmpty());
    }

    private void remove(Seat seat) {
        seats.remove(seat.table());
        leave(seat.table());
        seat.table().drop();
        spiller.dropped(seat.table().viewId());
        seatsChanged(seat.view());
    }

    private void seatsChanged(LiveView view) {
        building = seats.values().stream().filter(Seat::isBuilding).toList();
        view.building(seatsOf(view).stream()
                .filter(Seat::isBuilding)
                .max(Comparator.comparingInt(Seat::generation))
                .orElse(null));
    }

    private List<Seat> seatsOf(LiveView view) {
        return seats.values().stream().filter(seat -> seat.view() == view).toList();
    }
}
