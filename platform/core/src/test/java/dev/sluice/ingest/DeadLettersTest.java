package dev.sluice.ingest;

import static dev.sluice.ingest.IngestHouse.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.ingest.DeadLetters.DeadLetter;
import dev.sluice.ingest.DeadLetters.Filter;
import dev.sluice.ingest.DeadLetters.State;
import dev.sluice.ingest.Resolver.Verb;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLettersTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void retriesWithTheMappingOfNowAndOnce(int shards) {
        try (var house = house(shards, "order-${data.id}")) {
            house.position();
            house.accept(0, List.of(record(0, "a", "{\"no\":7}"), record(1, "b", "{\"id\":1}")));
        }

        try (var house = house(shards, "order-${data.no}")) {
            String id = only(house).id();
            var done = house.resolve(id, Verb.RETRY);
            var again = house.resolve(id, Verb.RETRY);

            assertThat(done.retried()).isOne();
            assertThat(done.failed()).isZero();
            assertThat(again.already()).isOne();
            assertThat(again.retried()).isZero();
            assertThat(house.stream("order-7")).containsExactly("{\"no\":7}");
            assertThat(house.open()).isEmpty();
            assertThat(IngestHouse.get(house.letters.get(id)).isOpen()).isFalse();
        }
        try (var house = house(shards, "order-${data.no}")) {
            assertThat(house.open()).isEmpty();
            assertThat(house.all(new Filter(null, null, State.RESOLVED), 1)).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void writesANewLetterWhenARetryFailsAgain(int shards) {
        try (var house = house(shards, "order-${data.id}")) {
            house.position();
            house.accept(0, List.of(record(0, "a", "{\"no\":7}")));
            String id = only(house).id();

            var done = house.resolve(id, Verb.RETRY);

            var letter = only(house);
            assertThat(done.failed()).isOne();
            assertThat(done.again()).containsExactly(letter.id());
            assertThat(letter.id()).isNotEqualTo(id);
            assertThat(letter.attempts()).isEqualTo(2);
            assertThat(letter.reason()).isEqualTo("no-stream");
            assertThat(new String(letter.event().data(), StandardCharsets.UTF_8))
                    .contains("\"retriedFrom\":\"" + id + "\"");
        }
    }

    @Test
    void pagesThroughWhatIsOpenAmongWhatIsResolved() {
        try (var house = house(1, "order-${data.id}")) {
            house.position();
            var records = new ArrayList<dev.sluice.spi.Source.RawRecord>();
            for (int i = 0; i < 1_000; i++) {
                records.add(record(i, "k" + i, "{"));
            }
            house.accept(0, records);
            var all = house.open();
            var left = new ArrayList<String>();
            for (int i = 0; i < all.size(); i++) {
                if (i < 300 || i % 7 != 0) {
                    house.resolve(all.get(i).id(), Verb.DISCARD);
                } else {
                    left.add(all.get(i).id());
                }
            }

            assertThat(all).hasSize(1_000);
            assertThat(house.open()).extracting(DeadLetter::id).containsExactlyElementsOf(left);
            assertThat(house.all(new Filter("source:orders", "bad-json", State.RESOLVED), 90))
                    .hasSize(1_000 - left.size());
            assertThat(house.all(new Filter("source:orders", null, State.ALL), 90))
                    .hasSize(1_000);
            assertThat(house.open()).extracting(DeadLetter::id).containsExactlyElementsOf(left);
        }
    }

    @Test
    void countsWhatIsOpenAndTellsHowOldTheOldestIs() {
        try (var house = house(1, "order-${data.id}")) {
            house.position();
            house.accept(0, List.of(record(0, "a", "{"), record(1, "b", "{"), record(2, "c", "{")));
            var oldest = house.open().get(0);
            house.resolve(house.open().get(1).id(), Verb.DISCARD);
            var meters = house.countLetters();

            await().until(() -> entries(meters) == 2);
            assertThat(age(meters)).isGreaterThan(TimeUnit.MINUTES.toSeconds(59));

            house.resolve(oldest.id(), Verb.DISCARD);
            house.resolve(house.open().get(0).id(), Verb.DISCARD);
            await().until(() -> entries(meters) == 0);
            assertThat(age(meters)).isZero();
        }
    }

    private static double entries(MeterRegistry meters) {
        var gauge = meters.find("deadletter.entries")
                .tag("consumer", "source:orders")
                .gauge();
        return gauge == null ? -1 : gauge.value();
    }

    private static double age(MeterRegistry meters) {
        return meters.get("deadletter.oldest.age")
                .tag("consumer", "source:orders")
                .gauge()
                .value();
    }

    @Test
    void discardsInBulkUpToWhereItBegan() {
        try (var house = house(1, "order-${data.id}")) {
            house.position();
            house.accept(0, List.of(record(0, "a", "{"), record(1, "b", "{"), record(2, "c", "{\"x\":1}")));

            int failed = 0;
            String cursor = null;
            do {
                var part = IngestHouse.get(house.resolver.resolveAll(
                        new Filter("source:orders", null, State.OPEN), Verb.RETRY, 2, cursor));
                failed += part.done().failed();
                cursor = part.next();
            } while (cursor != null);

            assertThat(failed).isEqualTo(3);
            assertThat(house.open()).extracting(DeadLetter::attempts).containsExactly(2, 2, 2);
        }
    }

    @Test
    void saysWhyALetterCannotBeRetried() {
        try (var house = house(1, "order-${data.id}")) {
            house.position();
            house.accept(0, List.of(record(0, "a", "\"" + "x".repeat(2 << 20) + "\"")));

            assertThatThrownBy(() -> house.resolve(only(house).id(), Verb.RETRY))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.NOT_RETRYABLE))
                    .hasMessageContaining("cut")
                    .hasMessageContaining("publish the record again to topic orders");
            assertThatThrownBy(() -> house.resolve("0:1000000", Verb.DISCARD))
                    .isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.kind())
                            .isEqualTo(Failure.Kind.DEAD_LETTER_NOT_FOUND));
            assertThat(house.resolve(only(house).id(), Verb.DISCARD).discarded())
                    .isOne();
        }
    }

    @Test
    void leavesALetterOfAProjectionToItsFold() {
        try (var house = house(1, "order-${data.id}")) {
            appendLetterOfProjection(house);
            String id = only(house).id();

            assertThat(house.resolve(id, Verb.RETRY).retried()).isOne();

            assertThat(house.resolve(id, Verb.RETRY).already()).isOne();
            assertThat(house.stream("$dlq-resolved.projection-p")).containsExactly("{\"positions\":[\"" + id + "\"]}");
            assertThat(house.open()).isEmpty();
        }
    }

    @Test
    void resolvesALetterOfAProjectionOnceHoweverManyAskAtTheSameTime() {
        try (var house = house(1, "order-${data.id}")) {
            appendLetterOfProjection(house);
            String id = only(house).id();

            var asked = IntStream.range(0, 16)
                    .mapToObj(i -> house.resolver.resolve(id, i % 2 == 0 ? Verb.RETRY : Verb.DISCARD))
                    .toList();

            var done = asked.stream().map(IngestHouse::get).toList();
            assertThat(done).filteredOn(each -> each.already() == 0).hasSize(1);
            assertThat(done).allMatch(each -> each.already() + each.retried() + each.discarded() == 1);
            assertThat(house.stream("$dlq-resolved.projection-p")).hasSize(1);
        }
    }

    private static void appendLetterOfProjection(IngestHouse house) {
        var letter = new Event(
                "1",
                "DeadLettered",
                "sluice://projection/p",
                0,
                Event.JSON,
                Map.of(),
                null,
                "{\"consumer\":\"projection:p\",\"reason\":\"evaluation-failed\"}".getBytes(StandardCharsets.UTF_8));
        IngestHouse.get(house.events.append(Append.to("$dlq.projection-p", Expected.ANY, List.of(letter))));
    }

    private static DeadLetter only(IngestHouse house) {
        var open = house.open();
        assertThat(open).hasSize(1);
        return open.get(0);
    }

    private IngestHouse house(int shards, String stream) {
        return new IngestHouse(
                folder.resolve("log"),
                shards,
                SourceConfig.parse("orders", Map.of("topics", List.of("orders"), "stream", List.of(stream))));
    }
}
