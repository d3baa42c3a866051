package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Position;
import io.micrometer.core.instrument.Gauge;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What has become of an event. */
class WhyTest {
    private static final String TOTALS = """
            projection: totals
            from: all
            key: data.k
            fold: { T: { n: sum(data.n) } }
            """;

    @TempDir
    Path folder;

    private House house;

    @BeforeEach
    void open() {
        house = new House(folder, 2, Duration.ofHours(1));
    }

    @AfterEach
    void close() {
        house.close();
    }

    private Position append(String stream, String json) {
        return house.append(stream, List.of(house.event("T", json))).first();
    }

    private Explanation why(Position position) {
        house.reach("totals", house.log().head());
        return House.answer(
                house.room().why("totals", Objects.requireNonNull(house.log().event(position))));
    }

    private Position letter(int version) {
        return house.log()
                .readStream("$dlq.projection-totals", version, Direction.FORWARD, 1)
                .get(0)
                .position();
    }

    @Test
    void findsTheDeadLetterHoweverManyThereWereSince() {
        house.apply(TOTALS);
        var refused = append("x-1", "{\"k\":\"a\",\"n\":\"one\"}");
        house.append(
                "x-2",
                IntStream.range(0, 1_500)
                        .mapToObj(i -> house.event("T", "{\"k\":\"b" + i + "\",\"n\":\"one\"}"))
                        .toList());

        var told = (Explanation.Refused) why(refused).outcome();
        house.restart();
        var afterRestart = (Explanation.Refused) why(refused).outcome();

        assertThat(told.detail()).startsWith("column n, ");
        assertThat(told.letter()).isEqualTo(letter(1));
        assertThat(afterRestart).isEqualTo(told);
    }

    @Test
    void tellsWhatWasDiscardedAndWhatWaitedForIt() {
        house.apply(TOTALS);
        var refused = append("x-1", "{\"k\":\"a\",\"n\":\"one\"}");
        var parked = append("x-1", "{\"k\":\"a\",\"n\":2}");
        var waits = why(parked).outcome();

        house.resolve("totals", "DeadLetterDiscarded");

        assertThat(waits).isEqualTo(new Explanation.Parked(List.of("a"), refused));
        assertThat(why(refused).outcome()).isEqualTo(new Explanation.Discarded(letter(1)));
        assertThat(why(parked).outcome()).isInstanceOf(Explanation.Folded.class);
        house.crash();
        assertThat(why(refused).outcome()).isEqualTo(new Explanation.Discarded(letter(1)));
    }

    @Test
    void anEventOfSeveralRowsGoesOnWhenTheLastOfThemIsFree() {
        house.apply("""
                projection: totals
                from: all
                fold: { T: { each: data.k as k, key: k, n: sum(data.n), order: "list(data.n, 9)" } }
                """);
        append("x-1", "{\"k\":[\"a\"],\"n\":\"one\"}");
        append("x-1", "{\"k\":[\"b\"],\"n\":\"one\"}");
        append("x-1", "{\"k\":[\"a\",\"b\"],\"n\":1}");
        append("x-1", "{\"k\":[\"b\",\"c\"],\"n\":2}");
        append("x-1", "{\"k\":[\"c\"],\"n\":3}");
        var nothing = house.rows("totals");
        await().until(() -> house.log().version("$dlq.projection-totals") == 2);

        var second = letter(2);
        discard(letter(1));
        var stillNothing = house.rows("totals");
        discard(second);

        assertThat(nothing).isEmpty();
        assertThat(stillNothing).isEmpty();
        assertThat(house.rows("totals"))
                .containsEntry("a", "{\"n\":1,\"order\":[1]}")
                .containsEntry("b", "{\"n\":3,\"order\":[1,2]}")
                .containsEntry("c", "{\"n\":5,\"order\":[2,3]}");
    }

    private void discard(Position letter) {
        house.append("$dlq-resolved.projection-totals", "DeadLetterDiscarded", "{\"positions\":[\"" + letter + "\"]}");
    }

    @Test
    void tellsWhatWasRetriedWithSuccess() {
        house.apply("""
                projection: totals
                from: all
                key: data.k
                fold: { T: { all: set(data.n) }, Many: { each: data.all as i, all: set(i) } }
                retain: 1h
                """);
        house.append(
                "x-1",
                "Many",
                "{\"k\":\"a\",\"all\":" + IntStream.range(0, 1_000).boxed().toList() + "}");
        var refused = append("x-1", "{\"k\":\"a\",\"n\":1000}");
        house.reach("totals", house.log().head());
        house.pass(Duration.ofHours(2));
        house.append("x-2", "T", "{\"k\":\"b\",\"n\":1}");

        house.resolve("totals", "DeadLetterRetried");

        var told = (Explanation.Folded) why(refused).outcome();
        assertThat(told.retried()).isEqualTo(letter(1));
        assertThat(told.rows()).extracting(Explanation.RowChange::key).containsExactly("a");
    }

    @Test
    void anEventThatWasFoldedIsNotParkedByALaterDeadLetter() {
        house.apply(TOTALS);
        var folded = append("x-1", "{\"k\":\"a\",\"n\":1}");
        append("x-1", "{\"k\":\"a\",\"n\":\"two\"}");

        assertThat(why(folded).outcome()).isInstanceOf(Explanation.Folded.class);
        assertThat(house.rows("totals")).containsEntry("a", "{\"n\":1}");
    }

    @Test
    void countsOpenDeadLettersInMetricsUntilTheProjectionIsDeleted() {
        house.apply(TOTALS);
        append("x-1", "{\"k\":\"a\",\"n\":\"one\"}");
        append("x-1", "{\"k\":\"b\",\"n\":\"one\"}");
        house.reach("totals", house.log().head());
        var entries = gauge("deadletter.entries");
        assertThat(entries.value()).isEqualTo(2);
        await().until(() -> gauge("deadletter.oldest.age").value() > 0);

        house.resolve("totals", "DeadLetterDiscarded");

        assertThat(entries.value()).isZero();
        assertThat(gauge("deadletter.oldest.age").value()).isZero();
        House.answer(house.room().delete("totals"));
        assertThat(house.metrics().find("deadletter.entries").gauges()).isEmpty();
        assertThat(house.metrics().find("deadletter.oldest.age").gauges()).isEmpty();
    }

    private Gauge gauge(String name) {
        return house.metrics().get(name).tag("consumer", "projection:totals").gauge();
    }
}
