package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Failure;
import dev.sluice.projection.Projections.Applying;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A projection that operators deal with at random, and which of its generations ought to be live. */
final class Operated {
    private final String name;
    private final int shards;
    private final boolean isJava;
    private final List<Version> versions = new ArrayList<>();
    private Generation live;
    private Generation building;
    private Generation kept;
    private boolean isHeld;
    private boolean isPaused;

    private record Generation(int number, NaiveFold fold) {}

    private record Version(NaiveFold fold, Projection<?> projection) {}

    Operated(House house, String name, Random random, int shards) {
        this.name = name;
        this.shards = shards;
        isJava = random.nextInt(3) == 0;
        live = new Generation(
                1, isJava ? NaiveJava.random(name, random, shards) : NaiveFold.random(name, random, shards));
        if (isJava) {
            house.register(nextVersion(live.fold()).projection());
        } else {
            house.apply(live.fold().yaml());
        }
    }

    private Version nextVersion(NaiveFold fold) {
        versions.add(0, new Version(fold, NaiveJava.projection(fold, versions.size() + 1)));
        return versions.get(0);
    }

    String name() {
        return name;
    }

    NaiveFold live() {
        return live.fold();
    }

    void operate(House house, Random random) {
        try {
            switch (random.nextInt(6)) {
                case 0 -> change(house, random);
                case 1 -> rebuild(house, random.nextBoolean());
                case 2 -> switchOver(house);
                case 3 -> rollback(house);
                case 4 -> pause(house);
                default -> resume(house);
            }
        } catch (Failure notYet) {
            assertThat(notYet.kind()).isEqualTo(Failure.Kind.GENERATION_NOT_READY);
        }
    }

    private void change(House house, Random random) {
        if (isJava) {
            register(house, nextVersion(NaiveJava.random(name, random, shards)));
            return;
        }
        var fold = NaiveFold.random(name, random, shards);
        boolean hold = random.nextBoolean();
        var how = hold ? Applying.HELD : Applying.AT_ONCE;
        var applied = House.answer(house.room().apply(fold.yaml(), name, "test.yaml", how))
                .get(0);
        if (applied.changed()) {
            building = new Generation(applied.generation(), fold);
            isHeld = hold;
        }
    }

    private void register(House house, Version version) {
        var applied = house.register(version.projection());
        if (applied.changed()) {
            building = new Generation(applied.generation(), version.fold());
            isHeld = false;
        }
    }

    /** Brings the code again, newest first; it is applied when something else was given meanwhile. */
    void restarted(House house) {
        versions.forEach(version -> register(house, version));
    }

    private void rebuild(House house, boolean hold) {
        var info = House.answer(house.room().rebuild(name, hold));
        if (building == null && info.building() != null) {
            building = new Generation(info.building().generation(), live.fold());
            isHeld = hold;
        } else if (building == null) {
            awaitLive(house, info.generation());
            kept = live;
            live = new Generation(info.generation(), live.fold());
        }
    }

    private void switchOver(House house) {
        House.answer(house.room().switchOver(name));
        if (building != null) {
            kept = live;
            live = building;
            building = null;
        } else if (kept != null && kept.number() > live.number()) {
            revive();
        }
    }

    private void rollback(House house) {
        boolean isAsked =
                building != null && building.number() < live.number() || kept != null && kept.number() > live.number();
        try {
            House.answer(house.room().rollback(name));
            assertThat(isAsked || kept != null).isTrue();
            if (!isAsked) {
                revive();
            }
        } catch (Failure none) {
            if (none.kind() != Failure.Kind.NO_GENERATION) {
                throw none;
            }
            assertThat(isAsked || kept != null).isFalse();
        }
    }

    private void revive() {
        building = kept;
        isHeld = false;
        kept = null;
    }

    private void pause(House house) {
        assertThat(House.answer(house.room().pause(name, "a test")).state()).isEqualTo("paused");
        isPaused = true;
    }

    private void resume(House house) {
        assertThat(House.answer(house.room().resume(name)).state()).isNotEqualTo("paused");
        isPaused = false;
    }

    /** Deals with its dead letters, which come only while it is folded. */
    void resolve(House house, String type) {
        if (!isPaused) {
            house.resolve(name, type);
        }
    }

    /** Waits for what happens by itself. */
    void settle(House house) {
        if (isPaused) {
            assertThat(house.room().info(name).state()).isEqualTo("paused");
            return;
        }
        if (building != null && !isHeld) {
            kept = live;
            live = building;
            building = null;
        }
        awaitLive(house, live.number());
    }

    void finish(House house) {
        resume(house);
        settle(house);
    }

    private void awaitLive(House house, int generation) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(2))
                .until(() -> house.room().view(name).generation() == generation);
    }
}
