package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.projection.Generations.Generation;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.definition.DefinitionFile;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.projection.row.Epochs;
import dev.sluice.projection.row.RowBudget;
import dev.sluice.projection.row.ViewRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes the tables of generations: of what the store has of them, else new ones. One thread at a time. */
final class Tables {
    /** A view id that no generation has. */
    private static final int TRIED = 0;

    private final ViewStore store;
    private final int shards;
    private final RowBudget budget;
    private final JavaProjections java;

    /** @param budget of the tables that are folded by the fold thread */
    Tables(ViewStore store, int shards, RowBudget budget, JavaProjections java) {
        this.store = store;
        this.shards = shards;
        this.budget = budget;
        this.java = java;
    }

    /** The one definition in a text, which must be of that name. */
    static Definition definition(String name, String text) {
        return DefinitionFile.only(DefinitionFile.read(text, name), name).definition();
    }

    /** An empty table; DEFINITION_INVALID when the text is not read any more. */
    Table create(String name, Generation generation) {
        var definition = definition(name, generation.text());
        return table(store.create(name, generation.number(), generation.text(), shards), definition);
    }

    /** An empty table like another, under a number of its own: it is never written. */
    Table scratch(Table like) {
        var record = store.create(like.name(), like.generation(), like.record().text(), shards);
        return new Table(record, like.definition(), store.identity(), store.rows(), RowBudget.none(), java);
    }

    /** An empty table of a definition that is tried out: it is never written. */
    Table tried(Definition definition, String text) {
        java.check(definition);
        var record = new ViewRecord(TRIED, definition.name(), 1, text, Epochs.NONE, Checkpoint.start(1));
        return new Table(record, definition, store.identity(), store.rows(), RowBudget.none(), java);
    }

    private Table table(ViewRecord record, Definition definition) {
        return new Table(record, definition, store.identity(), store.rows(), budget, java);
    }

    /** Null when the store has nothing of it, or what it has belongs to a definition that is not read any more. */
    private @Nullable Table recovered(String name, @Nullable Generation generation) {
        var record = generation == null ? null : store.recovered(name, generation.number());
        try {
            return record == null ? null : table(record, definition(name, record.text()));
        } catch (Failure refused) {
            return null;
        }
    }

    /**
     * Goes on with what the store has of a projection. A crash can leave the live generation behind the one it has taken the
     * place of, or without rows: then readers see that one until the other has caught up again.
     *
     * @param register makes the view of a table
     */
    List<Seat> recover(Generations generations, Generation live, Function<Table, LiveView> register) {
        String name = generations.name();
        var seats = new ArrayList<Seat>();
        var table = recovered(name, live);
        var kept = recovered(name, generations.kept());
        var since = live.liveSince(shards);
        if (kept != null && generations.kept() != null) {
            kept.alert(generations.kept().liveSince(shards), since);
        }
        boolean isBehind = kept != null && (table == null || !reached(table, kept));
        var newest = table == null ? create(name, live) : table;
        newest.alert(since, null);
        if (kept != null && isBehind) {
            var view = register.apply(kept);
            seats.add(Seat.live(kept, view));
            seats.add(Seat.building(newest, view, false));
        } else {
            var view = register.apply(newest);
            seats.add(Seat.live(newest, view));
            if (kept != null) {
                seats.add(Seat.kept(kept, view));
            }
        }
        var building = generations.building();
        if (building != null) {
            var built = recovered(name, building);
            seats.add(Seat.building(
                    built == null ? create(name, building) : built, seats.get(0).view(), building.isHeld()));
        }
        return seats;
    }

    private static boolean reached(Table table, Table other) {
        return table.committed().cursor().covers(other.committed().cursor());
    }
}
