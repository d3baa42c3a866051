package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.Columns;
import dev.sluice.projection.row.Draft;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of a table as the batch at hand has left them; nobody else sees that until the table commits it. For the fold thread. */
final class Batch {
    /** Of rows that it has changed: further ones are objects until the commit. */
    private static final int MAX_STAGED_BYTES = 1 << 20;

    private final Columns columns;
    private final boolean expires;
    private final Map<String, Draft> drafts = new HashMap<>();
    private final List<Draft> touched = new ArrayList<>();
    private ByteWriter staged = new ByteWriter();

    /** @param expires whether rows end by themselves */
    Batch(Columns columns, boolean expires) {
        this.columns = columns;
        this.expires = expires;
    }

    /** A row that it has changed, null when it has not. */
    @Nullable
    Draft draft(String key) {
        return drafts.get(key);
    }

    /**
     * The cells of a row. What is done to those of a row that has not been touched yet, or that is not there any more, counts only
     * with {@link #touch}.
     *
     * @param recordedMicros of the event at hand: what was due before it is gone
     */
    @Nullable
    Object[] cells(Draft draft, long recordedMicros) {
        return isThere(draft, recordedMicros)
                ? draft.cells(columns)
                : columns.empty().clone();
    }

    private boolean isThere(Draft draft, long recordedMicros) {
        return draft.isRow() && !(expires && draft.dueMicros() < recordedMicros);
    }

    /** Folds an event into a row or, with a Failure, does not. */
    void fold(Draft draft, Steps steps, EventFacts facts, RecordedEvent event, long dueMicros) {
        if (draft.isTouched() || staged.size() > MAX_STAGED_BYTES) {
            var cells = cells(draft, event.recordedMicros());
            steps.run(cells, facts, event);
            touch(draft, cells, dueMicros);
            return;
        }
        int from = staged.size();
        var before = isThere(draft, event.recordedMicros()) ? draft.storedCells() : null;
        steps.run(before, staged, facts, event);
        long due = due(draft, dueMicros);
        note(draft);
        draft.touch(staged, from, due);
    }

    /**
     * Makes cells that {@link #cells} gave those of the row.
     *
     * @param dueMicros when the row is to be deleted unless it is touched again, Long.MAX_VALUE: never
     */
    void touch(Draft draft, @Nullable Object[] cells, long dueMicros) {
        long due = due(draft, dueMicros);
        note(draft);
        draft.touch(cells, due);
    }

    private long due(Draft draft, long dueMicros) {
        boolean mayBeLater = expires && (draft.isTouched() || draft.wasRow());
        return mayBeLater ? Math.max(dueMicros, draft.dueMicros()) : dueMicros;
    }

    /** Deletes a row. */
    void delete(Draft draft) {
        if (draft.isTouched() || draft.wasRow()) {
            note(draft);
            draft.delete();
        }
    }

    private void note(Draft draft) {
        if (!draft.isTouched()) {
            drafts.put(draft.key(), draft);
            touched.add(draft);
        }
    }

    /** Deletes what it has changed and is over by now: it may be longer than a row lasts. */
    void expire(long nowMicros) {
        if (expires) {
            touched.stream().filter(draft -> draft.dueMicros() < nowMicros).forEach(this::delete);
        }
    }

    /** The rows that it has changed so far. */
    List<Draft> touched() {
        return Collections.unmodifiableList(touched);
    }

    /** The rows that it has changed, without those that it has begun and deleted. */
    List<Draft> toCommit() {
        touched.removeIf(Draft::isNothing);
        return touched();
    }

    /** It begins anew. */
    void clear() {
        touched.clear();
        drafts.clear();
        staged = staged.emptied();
    }
}
