package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.DeadLetters.Became;
import dev.sluice.ingest.DeadLetters.DeadLetter;
import dev.sluice.ingest.Resolver;
import dev.sluice.ingest.Resolver.Verb;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Status;
import dev.sluice.watch.ExpectsErrors;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters of sagas that are tried again, in a log of two shards. */
class RetriedLettersTest {
    @TempDir
    Path folder;

    private SagaHouse house;
    private SagaDefinition opened;

    @AfterEach
    void close() {
        house.close();
    }

    private void open(Sagas saga) {
        opened = saga.build();
        house = new SagaHouse(folder, 2).with(opened).serving("ship").start();
    }

    @Test
    void beginsWhatTheCodeOfNowTellsTheKeyOf() {
        open(shipping());
        IntStream.range(0, 8).forEach(i -> house.append("thing-" + i, "Began", poison("k" + i)));
        await().until(() -> open().size() == 8);

        heal(shipping());
        var part = SagaHouse.answer(resolver().resolveAll(filter("shipping"), Verb.RETRY, 100, null));

        assertThat(part.done().retried()).isEqualTo(8);
        assertThat(part.done().became()).extracting(Became::outcome).containsOnly("began");
        assertThat(part.done().became())
                .extracting(Became::key)
                .containsExactlyInAnyOrder("k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7");
        assertThat(open()).isEmpty();
        IntStream.range(0, 8).forEach(i -> house.reach("shipping", "k" + i, Status.COMPLETED));
        assertThat(house.room().counts("shipping")).containsEntry(Status.COMPLETED, 8L);
    }

    /** The other shard has passed over the events, and not stored yet that it has. */
    @Test
    void beginsAtOnceWhatAVersionThatCameMeanwhileTellsTheKeyOf() {
        open(shipping());
        IntStream.range(0, 8).forEach(i -> house.append("thing-" + i, "Began", poison("k" + i)));
        await().pollInterval(Duration.ofMillis(5)).until(() -> open().size() == 8);

        SagaHouse.answer(house.room()
                .register(Sagas.of("shipping", 2).pivot("ship").healed().build()));
        SagaHouse.answer(resolver().resolveAll(filter("shipping"), Verb.RETRY, 100, null));

        IntStream.range(0, 8).forEach(i -> house.reach("shipping", "k" + i, Status.COMPLETED));
    }

    /** Killed before the other shard has noted that it passed the event, which the code of then gives to it. */
    @Test
    @ExpectsErrors("Undeploy failed") // the log is closed under it
    void beginsNoSecondRunWithWhatAnotherShardHasTakenAfterACrash() {
        open(shipping());
        var keys = IntStream.range(0, 8).mapToObj(i -> "k" + i).toList();
        keys.forEach(key -> house.append("thing-" + key, "Began", poison(key)));
        await().until(() -> open().size() == 8);
        house.without(opened).with(shipping().healed().build()).crash();
        await().until(() -> house.room().counts("shipping").get(Status.COMPLETED) > 0);

        SagaHouse.answer(resolver().resolveAll(filter("shipping"), Verb.RETRY, 100, null));

        keys.forEach(key -> house.reach("shipping", key, Status.COMPLETED));
        assertThat(keys)
                .allSatisfy(key -> assertThat(house.types("shipping", key, 2)).isEmpty());
    }

    /** As before, with an event that a run waited for, and another run that waits for one like it. */
    @Test
    @ExpectsErrors("Undeploy failed") // the log is closed under it
    void givesNoOtherRunWhatTheRunBeforeItHasHad() {
        var saga = Sagas.of("shipping", 1)
                .restart()
                .await("payment", "Paid", Duration.ofHours(1))
                .pivot("ship");
        open(saga);
        var keys = IntStream.range(0, 8).mapToObj(i -> "k" + i).toList();
        keys.forEach(house::begin);
        keys.forEach(key -> house.reach("shipping", key, Status.RUNNING));
        keys.forEach(key -> house.append("payment-" + key, "Paid", "{\"id\":\"" + key + "\",\"poison\":\"payment\"}"));
        await().until(() -> open().size() == 8);
        house.without(opened).with(saga.healed().build()).crash();
        await().until(() -> house.room().counts("shipping").get(Status.COMPLETED) > 0);
        keys.forEach(house::begin);

        SagaHouse.answer(resolver().resolveAll(filter("shipping"), Verb.RETRY, 100, null));

        assertThat(open()).isEmpty();
        keys.forEach(key -> await().until(() -> house.types("shipping", key, 1).contains("SagaCompleted")));
        assertThat(keys)
                .allSatisfy(key -> assertThat(house.types("shipping", key, 2)).doesNotContain("StepSucceeded"));
    }

    private static Sagas shipping() {
        return Sagas.of("shipping", 1).restart().pivot("ship");
    }

    private static String poison(String key) {
        return "{\"id\":\"" + key + "\",\"poison\":true}";
    }

    private void heal(Sagas saga) {
        house.without(opened).with(saga.healed().build()).restart();
    }

    @Test
    void staysOpenAsANewLetterWhenItFailsAgain() {
        open(shipping());
        house.append("thing-1", "Began", poison("k1"));
        await().until(() -> open().size() == 1);
        var letter = open().get(0);

        var done = SagaHouse.answer(resolver().resolve(letter.id(), Verb.RETRY));

        assertThat(done.failed()).isEqualTo(1);
        assertThat(done.retried()).isZero();
        assertThat(done.became()).extracting(Became::outcome).containsExactly("dead_lettered");
        assertThat(open()).extracting(DeadLetter::id).isEqualTo(done.again());
        assertThat(open()).extracting(DeadLetter::attempts).containsExactly(2);
        assertThat(data(open().get(0))).contains("\"retriedFrom\":\"" + letter.id() + "\"");
    }

    private static String data(DeadLetter letter) {
        return new String(letter.event().data(), StandardCharsets.UTF_8);
    }

    @Test
    void waitsForTheCodeOfAVersionThatIsMissing() {
        open(Sagas.of("shipping", 1)
                .await("payment", "Paid", Duration.ofHours(1))
                .pivot("ship"));
        house.begin("k1");
        await().until(() -> house.find("shipping", "k1") != null);
        house.without(opened)
                .with(Sagas.of("shipping", 2).pivot("ship").build())
                .restart();
        house.append("payment-k1", "Paid", "{\"id\":\"k1\"}");
        await().until(() -> open().size() == 1);

        var early = SagaHouse.answer(resolver().resolve(open().get(0).id(), Verb.RETRY));
        assertThat(early.failed()).isEqualTo(1);
        assertThat(open()).extracting(DeadLetter::attempts).containsExactly(2);

        house.with(opened).restart();
        var done = SagaHouse.answer(resolver().resolve(open().get(0).id(), Verb.RETRY));
        assertThat(done.retried()).isEqualTo(1);
        house.reach("shipping", "k1", Status.COMPLETED);
        assertThat(open()).isEmpty();
    }

    @Test
    void takesALetterOnceHoweverManyRetryIt() {
        open(shipping());
        house.append("thing-1", "Began", poison("k1"));
        await().until(() -> open().size() == 1);
        String id = open().get(0).id();
        heal(shipping());
        var resolver = resolver();

        var asked = IntStream.range(0, 10)
                .mapToObj(i -> resolver.resolve(id, Verb.RETRY))
                .toList();
        var done = asked.stream().map(SagaHouse::answer).toList();

        assertThat(done.stream().mapToInt(Resolver.Done::retried).sum()).isEqualTo(1);
        assertThat(done.stream().mapToInt(Resolver.Done::already).sum()).isEqualTo(9);
        assertThat(house.reach("shipping", "k1", Status.COMPLETED).run()).isEqualTo(1);
        house.restart();
        assertThat(house.reach("shipping", "k1", Status.COMPLETED).run()).isEqualTo(1);
    }

    @Test
    void takesAfterARestartWhatWasRetriedWhileNothingRan() {
        open(shipping());
        house.append("thing-1", "Began", poison("k1"));
        await().until(() -> open().size() == 1);
        SagaHouse.answer(house.room().close());

        SagaHouse.answer(letters().resolver(new Unheard()).resolve(open().get(0).id(), Verb.RETRY));
        heal(shipping());

        assertThat(house.reach("shipping", "k1", Status.COMPLETED).run()).isEqualTo(1);
        assertThat(open()).isEmpty();
    }

    @Test
    void givesALateInstanceWhatHadComeTooEarly() {
        open(Sagas.of("waiting", 1).await("payment", "Paid", null).pivot("ship"));
        house.append("payment-k1", "Paid", "{\"id\":\"k1\"}");
        await().until(() -> open("waiting").size() == 1);
        String id = open("waiting").get(0).id();

        var early = SagaHouse.answer(resolver().resolve(id, Verb.RETRY));
        await().until(() -> open("waiting").size() == 1);
        house.begin("k1");
        house.reach("waiting", "k1", Status.RUNNING);
        var again = open("waiting").get(0);
        var late = SagaHouse.answer(resolver().resolve(again.id(), Verb.RETRY));

        assertThat(early.became()).extracting(Became::outcome).containsExactly("held");
        assertThat(again.reason()).isEqualTo("expired");
        assertThat(again.id()).isNotEqualTo(id);
        assertThat(late.became()).extracting(Became::outcome).containsExactly("received");
        house.reach("waiting", "k1", Status.COMPLETED);
        assertThat(open("waiting")).isEmpty();
    }

    @Test
    void givesAnEventOnlyByTheTriggersThatCouldNotTellItsKey() {
        var saga = Sagas.of("twice", 1)
                .restart()
                .await("other", "Began", Duration.ofHours(1))
                .pivot("ship");
        open(saga);
        house.append("thing-1", "Began", "{\"id\":\"k1\",\"poison\":\"other\"}");
        await().until(() -> open("twice").size() == 1);
        house.reach("twice", "k1", Status.RUNNING);

        heal(saga);
        var done = SagaHouse.answer(resolver().resolve(open("twice").get(0).id(), Verb.RETRY));

        assertThat(done.became()).extracting(Became::outcome).containsExactly("received");
        assertThat(house.reach("twice", "k1", Status.COMPLETED).run()).isEqualTo(1);
    }

    @Test
    void givesItToNoOtherInstanceThanItsLetterNames() {
        open(Sagas.of("waiting", 1).await("payment", "Paid", null).pivot("ship"));
        house.append("payment-k1", "Paid", "{\"id\":\"k1\",\"poison\":\"payment\"}");
        await().until(() -> open("waiting").size() == 1);
        house.append("payment-k2", "Paid", "{\"id\":\"k2\"}");
        await().until(() -> open("waiting").size() == 2);
        house.begin("k1");
        house.reach("waiting", "k1", Status.RUNNING);

        var part = SagaHouse.answer(
                resolver().resolveAll(SagaLetters.filter("waiting", "expired"), Verb.RETRY, 100, null));

        assertThat(part.done().became()).extracting(Became::key).containsExactly("k2");
        assertThat(house.find("waiting", "k1").status()).isEqualTo(Status.RUNNING);
    }

    @Test
    void ignoresWhatAnEndedInstanceHasNoUseFor() {
        open(Sagas.of("waiting", 1).await("payment", "Paid", null).pivot("ship"));
        house.append("payment-1", "Paid", "{\"id\":\"k1\"}");
        await().until(() -> open("waiting").size() == 1);
        house.begin("k1");
        house.append("payment-2", "Paid", "{\"id\":\"k1\"}");
        house.reach("waiting", "k1", Status.COMPLETED);

        var done = SagaHouse.answer(resolver().resolve(open("waiting").get(0).id(), Verb.RETRY));

        assertThat(done.became()).extracting(Became::outcome).containsExactly("ignored");
        assertThat(open("waiting")).isEmpty();
    }

    @Test
    void refusesWhatNoSagaIsThereFor() {
        open(shipping());
        house.append("thing-1", "Began", poison("k1"));
        await().until(() -> open().size() == 1);
        String id = open().get(0).id();
        house.without(opened).restart();

        assertThatThrownBy(() -> SagaHouse.answer(resolver().resolve(id, Verb.RETRY)))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("found no saga shipping");
        assertThat(open()).hasSize(1);
        assertThat(SagaHouse.answer(resolver().resolve(id, Verb.DISCARD)).discarded())
                .isEqualTo(1);
        assertThat(open()).isEmpty();
    }

    private List<DeadLetter> open() {
        return open("shipping");
    }

    private List<DeadLetter> open(String saga) {
        return SagaHouse.answer(letters().open(saga, null));
    }

    private static DeadLetters.Filter filter(String saga) {
        return SagaLetters.filter(saga, null);
    }

    private SagaLetters letters() {
        return new SagaLetters(house::events, house::room);
    }

    private Resolver resolver() {
        return letters().resolver();
    }

    /** Waits for nobody. */
    private static final class Unheard implements DeadLetters.Sagas {
        @Override
        public boolean isKnown(String saga) {
            return true;
        }

        @Override
        public Future<DeadLetters.Retried> retried(String saga, Position letter) {
            return Future.succeededFuture(new DeadLetters.Retried(List.of(), List.of()));
        }
    }
}
