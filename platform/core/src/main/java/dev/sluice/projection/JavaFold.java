package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.expression.Values;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.FoldClause.Refused;
import dev.sluice.projection.row.Draft;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A clause of Java code. Rows pass through their cells even within a batch, so that the code sees the same whether or not a row
 * has been stored in between. For the fold thread.
 */
final class JavaFold<R extends Record> implements RowFold {
    private static final @Nullable Object[] GONE = {};
    private static final @Nullable Object[] AS_BEFORE = {};

    private final Table table;
    private final Projection<R> projection;
    private final Projection.Fold<R> code;

    JavaFold(Table table, Projection<R> projection, String type) {
        this.table = table;
        this.projection = projection;
        code = projection.fold(type);
    }

    @Override
    public void expect(EventFacts facts) {
        // the payload would be decoded twice
    }

    @Override
    public Set<String> keys(EventFacts facts, RecordedEvent event) {
        try {
            return keys(new ProjectedEvent(event));
        } catch (Refused untold) {
            return Set.of(); // folding it says what is wrong
        }
    }

    @Override
    public void fold(EventFacts facts, RecordedEvent event, long dueMicros, @Nullable Object[] carried) throws Refused {
        var projected = new ProjectedEvent(event);
        var keys = keys(projected);
        var staged = new LinkedHashMap<Draft, @Nullable Object[]>();
        for (String key : keys) {
            var draft = table.draft(key);
            var before = table.batch().cells(draft, event.recordedMicros());
            staged.put(draft, called(event.type() + ": ", key, keys, () -> step(projected, before)));
        }
        staged.forEach((draft, cells) -> {
            if (cells == GONE) {
                table.batch().delete(draft);
            } else if (cells != AS_BEFORE) {
                table.batch().touch(draft, cells, dueMicros);
            }
        });
    }

    /** The cells after an event, {@link #GONE} when the row is deleted, {@link #AS_BEFORE} when nothing has changed. */
    private @Nullable Object[] step(ProjectedEvent event, @Nullable Object[] before) throws Exception {
        var row = projection.rowType().row(before);
        var after = code.fold(event, row);
        if (after == null) {
            return GONE;
        }
        return after == row ? AS_BEFORE : projection.rowType().cells(after);
    }

    private Set<String> keys(ProjectedEvent event) throws Refused {
        return called("key: ", null, Set.of(), () -> {
            var keys = new LinkedHashSet<String>();
            for (var key : projection.keys(event)) {
                keys.add(RowKey.checked(key == null ? null : Values.validText(key)));
            }
            if (keys.size() > ExpressionFold.MAX_ELEMENTS) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found " + keys.size() + " keys, expected at most " + ExpressionFold.MAX_ELEMENTS);
            }
            return keys;
        });
    }

    /** What the code throws is about the event, unless the process is at its end. */
    private static <T> T called(String part, @Nullable String key, Set<String> keys, Callable<T> code) throws Refused {
        try {
            return code.call();
        } catch (Failure failure) {
            throw new Refused(part + failure.getMessage(), key, keys, FoldClause.NOTHING);
        } catch (Exception | StackOverflowError thrown) {
            throw thrown(part, thrown, key, keys);
        } catch (VirtualMachineError end) {
            throw end;
        } catch (Error thrown) {
            throw thrown(part, thrown, key, keys);
        }
    }

    private static Refused thrown(String part, Throwable thrown, @Nullable String key, Set<String> keys) {
        return new Refused(part + "found " + thrown + " thrown, expected a result", key, keys, FoldClause.NOTHING);
    }
}
