package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.projection.Generations.Generation;
import dev.sluice.projection.Projections.Applied;
import dev.sluice.projection.Projections.Applying;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.definition.DefinitionFile.Written;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators do to projections: an event in the log first, then the fold is told. Blocking; for one thread at a time, so
 * that nothing happens between the two.
 */
final class Operations {
    private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

    private final DefinitionLog definitions;
    private final Tables tables;
    private final JavaProjections java;
    private final FoldLoop loop;
    private final int shards;

    Operations(DefinitionLog definitions, Tables tables, JavaProjections java, FoldLoop loop, int shards) {
        this.definitions = definitions;
        this.tables = tables;
        this.java = java;
        this.loop = loop;
        this.shards = shards;
    }

    /** Makes a view of the first table of a projection. */
    interface Register {
        LiveView view(Table table, Definition definition, String text);
    }

    /**
     * Takes the code of a projection in Java, goes on with what waits for it, and applies its definition, unless the newest is of
     * a higher version: then the code is there to be rolled back to.
     *
     * @param view null when there is none of that name
     */
    Applied register(Projection<?> projection, @Nullable LiveView view, Register register) {
        var before = definitions.of(projection.name());
        checkVersion(before, projection.written().definition());
        java.add(projection);
        if (view != null) {
            done(loop.goOn(view));
        }
        if (before.given() != null
                && Tables.definition(before.name(), before.given()).javaVersion() > projection.version()) {
            return new Applied(before.name(), before.newest(), false, false);
        }
        return apply(projection.written(), view, Applying.REPEATED, register);
    }

    /** Of a version that is known already, a definition must not differ. */
    private static void checkVersion(Generations before, Definition definition) {
        for (String text : before.texts()) {
            var known = Tables.definition(before.name(), text);
            if (known.javaVersion() == definition.javaVersion() && !known.equals(definition)) {
                throw Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        "found another definition of version " + known.javaVersion() + " of projection " + known.name()
                                + ", expected a higher version: its sources, event types, columns or indexes differ");
            }
        }
    }

    /** @param view null when there is none of that name */
    Applied apply(Written written, @Nullable LiveView view, Applying how, Register register) {
        java.check(written.definition());
        String name = written.definition().name();
        var before = definitions.of(name);
        int newest = before.newest();
        boolean isSame = view != null && view.definition().equals(written.definition()) && !view.isBuildingBroken();
        if (view != null && (isSame || isRepeated(before, written, how))) {
            return new Applied(name, newest, false, false);
        }
        var generation = new Generation(newest + 1, written.text(), how == Applying.HELD && view != null, null);
        var applied = new Applied(name, generation.number(), before.live() == null, before.live() != null);
        if (how == Applying.TRIED) {
            return applied;
        }
        definitions.define(before, generation.number(), written.text(), generation.isHeld());
        if (view == null) {
            if (before.live() != null) { // one whose definition is not read any more: nothing to wait for
                definitions.goLive(definitions.of(name), generation.number(), definitions.head());
            }
            var table = tables.create(name, generation);
            var live = Objects.requireNonNull(definitions.of(name).live(), "the first generation is live at once");
            table.alert(live.liveSince(shards), null);
            done(loop.add(Seat.live(table, register.view(table, written.definition(), written.text()))));
        } else {
            build(view, generation, written.definition());
        }
        LOG.info("projection_defined projection={} generation={}", name, generation.number());
        return applied;
    }

    private static boolean isRepeated(Generations before, Written written, Applying how) {
        if (how != Applying.REPEATED || before.given() == null) {
            return false;
        }
        return before.given().equals(written.text())
                || Tables.definition(before.name(), before.given()).equals(written.definition());
    }

    private void build(LiveView view, Generation generation, Definition definition) {
        view.define(definition, generation.text());
        done(loop.add(Seat.building(tables.create(view.name(), generation), view, generation.isHeld())));
    }

    void rebuild(LiveView view, boolean isHeld) {
        var before = definitions.of(view.name());
        if (before.building() != null && !view.isBuildingBroken()) {
            return;
        }
        checkCode(view.definition(), Failure.Kind.UNAVAILABLE);
        var generation = new Generation(before.newest() + 1, view.text(), isHeld, null);
        definitions.define(before, generation.number(), generation.text(), isHeld);
        build(view, generation, view.definition());
        LOG.info("projection_rebuilt projection={} generation={}", view.name(), generation.number());
    }

    /** The generation that was built goes live, or the one that was rolled back begins to. */
    void switchOver(LiveView view) {
        var before = definitions.of(view.name());
        var kept = before.kept();
        if (before.building() != null) {
            goLive(view, before.building().number());
        } else if (kept != null && kept.number() > view.generation()) {
            revive(view, before, kept);
        }
    }

    /** Makes a generation live that has caught up; without effect when it is given up. */
    void goLive(LiveView view, int generation) {
        var before = definitions.of(view.name());
        boolean isDecided = before.live() != null && before.live().number() == generation;
        if (view.generation() == generation
                || !isDecided && (before.building() == null || before.building().number() != generation)) {
            return;
        }
        var reached = done(loop.haltAt(view, generation));
        try {
            if (!isDecided) {
                definitions.goLive(before, generation, reached);
            }
            done(loop.goLive(view, generation));
        } catch (RuntimeException failed) {
            done(loop.goOn(view));
            throw failed;
        }
    }

    void rollback(LiveView view) {
        var before = definitions.of(view.name());
        var live = before.live();
        var building = before.building();
        var kept = before.kept();
        if (live == null || live.number() != view.generation()) {
            throw Failure.of(
                    Failure.Kind.GENERATION_NOT_READY,
                    "found generation " + view.generation() + " of projection " + view.name()
                            + " serving while a newer one is recovered, expected that to have caught up");
        }
        boolean isUnderWay = building != null && building.number() < live.number();
        boolean isDone = kept != null && kept.number() > live.number();
        if (isUnderWay || isDone) {
            return;
        }
        if (kept == null) {
            throw Failure.of(
                    Failure.Kind.NO_GENERATION,
                    "found no generation before " + live.number() + " of projection " + view.name()
                            + ", expected the one that it has taken the place of");
        }
        revive(view, before, kept);
    }

    private void checkCode(Definition definition, Failure.Kind kind) {
        String missing = java.missing(definition);
        if (missing != null) {
            throw Failure.of(kind, missing);
        }
    }

    private void revive(LiveView view, Generations before, Generation kept) {
        var definition = Tables.definition(view.name(), kept.text());
        checkCode(definition, Failure.Kind.NO_GENERATION);
        definitions.revive(before, kept.number());
        view.define(definition, kept.text());
        if (!done(loop.revive(view, kept.number()))) {
            done(loop.add(Seat.building(tables.create(view.name(), kept), view, false)));
        }
        LOG.info("generation_revived projection={} generation={}", view.name(), kept.number());
    }

    /** The answer is done when what was folded is durable. */
    CompletableFuture<Void> pause(LiveView view, @Nullable String reason) {
        if (view.isPaused()) {
            return CompletableFuture.completedFuture(null);
        }
        definitions.pause(definitions.of(view.name()), reason);
        var durable = done(loop.pause(view, reason == null ? "" : reason));
        LOG.info("projection_paused projection={}", view.name());
        return durable;
    }

    void resume(LiveView view) {
        if (view.isPaused()) {
            definitions.resume(definitions.of(view.name()));
            done(loop.resume(view));
            LOG.info("projection_resumed projection={}", view.name());
        }
    }

    /** @param view null when its definition is not read any more */
    void delete(String name, @Nullable LiveView view) {
        definitions.delete(definitions.of(name));
        if (view != null) {
            done(loop.delete(view));
        }
        LOG.info("projection_deleted projection={}", name);
    }

    private static <T> T done(CompletableFuture<T> work) {
        try {
            return work.get();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw Failure.of(Failure.Kind.UNAVAILABLE, "stopped while a projection was being changed");
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(failed.getCause());
        }
    }
}
