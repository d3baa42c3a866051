package dev.sluice.projection;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells listeners of views what each commit changed: changed rows at once, a checkpoint alone at most every
 * {@value #CHECKPOINT_EVERY_MILLIS} ms. For the fold thread.
 */
final class DeltaPublisher {
    static final long CHECKPOINT_EVERY_MILLIS = 200;
    private static final long CHECKPOINT_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(CHECKPOINT_EVERY_MILLIS);

    private final Mesh mesh;
    private final Map<String, Long> publishedNanos = new HashMap<>();
    private final Map<String, ViewDelta> waiting = new HashMap<>();

    DeltaPublisher(Mesh mesh) {
        this.mesh = mesh;
    }

    /** Whether somebody listens to a view. */
    boolean isHeard(String projection) {
        return mesh.isHeard(Addresses.view(projection)) || isHeardEach(projection);
    }

    /** Whether somebody must hear of each event's changes on their own. */
    boolean isHeardEach(String projection) {
        return mesh.isHeard(Addresses.transitions(projection));
    }

    /** @param isOfOneEvent whether the commit is of one event at most, which those hear of who must hear of each */
    void publish(ViewDelta delta, boolean isOfOneEvent, long nowNanos) {
        if (isOfOneEvent && !delta.rows().isEmpty() && isHeardEach(delta.projection())) {
            mesh.publish(Addresses.transitions(delta.projection()), delta);
        }
        if (delta.rows().isEmpty() && nowNanos - lastNanos(delta.projection(), nowNanos) < CHECKPOINT_EVERY_NANOS) {
            waiting.put(delta.projection(), delta);
            return;
        }
        now(delta, nowNanos);
    }

    /** Publishes the checkpoints whose time has come. */
    void publishDue(long nowNanos) {
        if (waiting.isEmpty()) {
            return;
        }
        for (var delta : List.copyOf(waiting.values())) {
            if (nowNanos - lastNanos(delta.projection(), nowNanos) >= CHECKPOINT_EVERY_NANOS) {
                now(delta, nowNanos);
            }
        }
    }

    /** Whether a checkpoint waits for its time. */
    boolean isWaiting() {
        return !waiting.isEmpty();
    }

    /** Another generation is live; the change number is its own. */
    void switched(Table table, long nowNanos) {
        var committed = table.committed();
        long change = committed.checkpoint().change();
        now(
                new ViewDelta(
                        table.name(),
                        table.generation(),
                        change,
                        change,
                        committed.cursor(),
                        List.of(),
                        committed.checkpoint().lastMicros()),
                nowNanos);
    }

    void deleted(Table table) {
        waiting.remove(table.name());
        publishedNanos.remove(table.name());
        var committed = table.committed();
        long change = committed.checkpoint().change();
        mesh.publish(
                Addresses.view(table.name()),
                new ViewDelta(
                        table.name(),
                        ViewDelta.DELETED,
                        change,
                        change,
                        committed.cursor(),
                        List.of(),
                        committed.checkpoint().lastMicros()));
    }

    private long lastNanos(String projection, long nowNanos) {
        return publishedNanos.getOrDefault(projection, nowNanos - CHECKPOINT_EVERY_NANOS);
    }

    private void now(ViewDelta delta, long nowNanos) {
        waiting.remove(delta.projection());
        publishedNanos.put(delta.projection(), nowNanos);
        mesh.publish(Addresses.view(delta.projection()), delta);
    }
}
