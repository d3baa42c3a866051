package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.log.RecordedEvent;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an event of one type does to the rows it is for. For the fold thread. */
sealed interface RowFold permits ExpressionFold, JavaFold {
    /** Tells the table which row will be asked for, if that is cheap to tell. */
    void expect(EventFacts facts);

    /** The keys of all rows, as far as they can be told. */
    Set<String> keys(EventFacts facts, RecordedEvent event);

    /**
     * Changes all of the rows or, with a Refused, none.
     *
     * @param dueMicros when the rows are to be deleted unless they are touched again, Long.MAX_VALUE: never
     * @param carried what the event's stream has left to carry
     */
    void fold(EventFacts facts, RecordedEvent event, long dueMicros, @Nullable Object[] carried)
            throws FoldClause.Refused;
}
