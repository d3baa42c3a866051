package dev.sluice.ingest;

import static dev.sluice.ingest.IngestHouse.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.ingest.DeadLetters.DeadLetter;
import dev.sluice.ingest.Resolver.Verb;
import dev.sluice.log.Failure;
import dev.sluice.spi.Source.RawRecord;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ordering: park}: no record of a key goes before one that was refused. */
class ParkingTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int KEYS = 5;

    @TempDir
    private Path folder;

    @Test
    void parksWhatFollowsAndReleasesItInOrder() {
        try (var house = house("a")) {
            house.position();
            house.accept(0, List.of(value(0, "k", "b"), value(1, "k", "ab"), value(2, "other", "ab")));
            house.accept(3, List.of(record(3, null, "{"), value(4, "k", "a"), value(5, "k", "b"), value(6, "k", "ab")));
        }

        try (var house = house("b")) {
            var open = house.open();
            String head = open.get(0).id();
            assertThat(open)
                    .extracting(DeadLetter::reason)
                    .containsExactly(
                            "no-stream",
                            "parked-behind",
                            "bad-json",
                            "parked-behind",
                            "parked-behind",
                            "parked-behind");
            assertThat(text(open.get(1))).contains("\"behind\":\"" + head + "\"", "\"valueBase64\"");
            assertThat(house.stream("k")).isEmpty();
            assertThat(house.stream("other")).hasSize(1);
            assertThatThrownBy(() -> house.resolve(open.get(3).id(), Verb.RETRY))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.NOT_RETRYABLE))
                    .hasMessageContaining("waiting behind " + head);

            var done = house.resolve(head, Verb.RETRY);

            assertThat(done.retried()).isOne();
            assertThat(done.released()).isOne();
            assertThat(done.failed()).isOne();
            assertThat(numbers(house, "k")).containsExactly(0, 1);
            assertThat(house.open())
                    .extracting(DeadLetter::reason)
                    .containsExactly("bad-json", "parked-behind", "parked-behind", "no-stream");

            var discarded = house.resolve(done.again().get(0), Verb.DISCARD);

            assertThat(discarded.discarded()).isOne();
            assertThat(discarded.released()).isEqualTo(2);
            assertThat(numbers(house, "k")).containsExactly(0, 1, 5, 6);
            house.position();
            house.accept(7, List.of(value(7, "k", "b")));
            assertThat(numbers(house, "k")).containsExactly(0, 1, 5, 6, 7);
        }
    }

    @Test
    void pausesThePartitionWhenTooManyKeysWait() {
        try (var house = house("a")) {
            house.position();
            house.accept(
                    0,
                    IntStream.range(0, 1_000)
                            .mapToObj(i -> record(i, "k" + i, "{"))
                            .toList());

            assertThatThrownBy(() -> house.accept(1_000, List.of(record(1_000, "one more", "{"))))
                    .hasMessageContaining("found 1000 record keys that wait behind dead letters in orders-0");

            house.resolve(house.open().get(0).id(), Verb.DISCARD);
            house.position();
            house.accept(1_000, List.of(record(1_000, "one more", "{")));
        }
    }

    @Test
    void discardsAllOfAKeyWithoutReleasingAny() {
        try (var house = house("a")) {
            house.position();
            house.accept(0, List.of(value(0, "k", "b"), value(1, "k", "a"), value(2, "k", "a")));
            var filter = new DeadLetters.Filter("source:orders", null, DeadLetters.State.OPEN);
            int discarded = 0;
            String cursor = null;
            do {
                var part = IngestHouse.get(house.resolver.resolveAll(filter, Verb.DISCARD, 1, cursor));
                discarded += part.done().discarded();
                cursor = part.next();
            } while (cursor != null);

            assertThat(discarded).isEqualTo(3);
            assertThat(house.open()).isEmpty();
            assertThat(house.stream("k")).isEmpty();
            house.accept(3, List.of(value(3, "k", "a")));
            assertThat(numbers(house, "k")).containsExactly(3);
        }
    }

    @ParameterizedTest
    @CsvSource({"12, 40", "3, 400"})
    void keepsTheOrderOfEveryKeyWhateverIsResolvedAndWhenever(int rounds, int perRound) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        var sent = new TreeMap<Integer, String>();
        var discarded = new TreeSet<Integer>();
        long next = 0;

        for (int round = 0; round < rounds; round++) {
            try (var house = house(random.nextBoolean() ? "a" : "b")) {
                assertThat(house.position()).isLessThanOrEqualTo(next);
                next = house.position();
                for (int step = 0; step < 4; step++) {
                    var records = records(random, (int) next, 1 + random.nextInt(perRound), sent);
                    var poll = Future.fromCompletionStage(house.offer(next, records));
                    var pending = resolve(random, house, discarded);
                    IngestHouse.get(poll);
                    next += records.size();
                    boolean isCutShort = step == 3 && random.nextBoolean();
                    if (!isCutShort) {
                        for (Future<Resolver.Done> each : pending) {
                            IngestHouse.get(each.otherwiseEmpty());
                        }
                        check(house, sent, discarded, seed);
                    }
                }
            }
        }

        try (var house = house("a")) {
            house.position();
            var filter = new DeadLetters.Filter(null, null, DeadLetters.State.OPEN);
            for (var open = first(house, filter); !open.isEmpty(); open = first(house, filter)) {
                discarded.add(number(open.get(0)));
                house.resolve(open.get(0).id(), Verb.DISCARD);
            }
            check(house, sent, discarded, seed);
            for (int key = 0; key < KEYS; key++) {
                String name = "k" + key;
                var expected = sent.entrySet().stream()
                        .filter(each -> each.getValue().equals(name) && !discarded.contains(each.getKey()))
                        .map(Map.Entry::getKey)
                        .toList();
                assertThat(numbers(house, name))
                        .as("seed %d, key %s", seed, name)
                        .isEqualTo(expected);
            }
        }
    }

    private static List<DeadLetter> first(IngestHouse house, DeadLetters.Filter filter) {
        return IngestHouse.get(house.letters.list(filter, 1, null)).letters();
    }

    private static List<RawRecord> records(Random random, int from, int count, Map<Integer, String> sent) {
        var records = new ArrayList<RawRecord>();
        for (int number = from; number < from + count; number++) {
            String key = "k" + random.nextInt(KEYS);
            sent.put(number, key);
            records.add(value(number, key, random.nextInt(20) == 0 ? random.nextBoolean() ? "a" : "b" : "ab"));
        }
        return records;
    }

    /** Some open letters are retried or discarded, at once, beside the poll; what is to be discarded surely is, in the end. */
    private static List<Future<Resolver.Done>> resolve(Random random, IngestHouse house, TreeSet<Integer> discarded)
            throws IOException {
        var open = house.open();
        var pending = new ArrayList<Future<Resolver.Done>>();
        for (int i = 0; i < 6 && !open.isEmpty(); i++) {
            DeadLetter letter = open.get(random.nextInt(Math.min(8, open.size())));
            boolean isDiscarded = random.nextInt(6) == 0;
            if (isDiscarded && discarded.add(number(letter))) {
                IngestHouse.get(
                        house.resolver.resolve(letter.id(), Verb.DISCARD).map(done -> {
                            if (done.already() > 0) {
                                discarded.remove(numberOf(letter));
                            }
                            return null;
                        }));
            } else {
                pending.add(house.resolver.resolve(letter.id(), Verb.RETRY));
            }
        }
        return pending;
    }

    private static void check(IngestHouse house, Map<Integer, String> sent, TreeSet<Integer> discarded, long seed)
            throws IOException {
        var waiting = new TreeMap<String, TreeSet<Integer>>();
        for (DeadLetter letter : house.open()) {
            int number = number(letter);
            assertThat(waiting.computeIfAbsent(sent.get(number), none -> new TreeSet<>())
                            .add(number))
                    .as("seed %d: %d is open once", seed, number)
                    .isTrue();
        }
        for (int key = 0; key < KEYS; key++) {
            String name = "k" + key;
            var appended = numbers(house, name);
            assertThat(appended).as("seed %d, key %s", seed, name).isSorted().doesNotHaveDuplicates();
            var open = waiting.getOrDefault(name, new TreeSet<>());
            if (!open.isEmpty() && !appended.isEmpty()) {
                assertThat(open.first())
                        .as("seed %d, key %s: what waits lies behind what went on", seed, name)
                        .isGreaterThan(appended.get(appended.size() - 1));
            }
            var gone = new TreeSet<>(appended);
            gone.addAll(open);
            gone.addAll(discarded);
            assertThat(gone)
                    .as("seed %d, key %s: nothing is lost", seed, name)
                    .containsAll(sent.entrySet().stream()
                            .filter(each -> each.getValue().equals(name))
                            .map(Map.Entry::getKey)
                            .toList());
        }
    }

    /** Members named by {@code members} hold the key: the source finds its stream in one of them. */
    private static RawRecord value(int number, String key, String members) {
        var value = new StringBuilder("{\"n\":" + number);
        members.chars().forEach(member -> value.append(",\"" + (char) member + "\":\"" + key + "\""));
        return record(number, key, value.append('}').toString());
    }

    private static List<Integer> numbers(IngestHouse house, String stream) {
        return house.stream(stream).stream()
                .map(data -> {
                    try {
                        return JSON.readTree(data).path("n").asInt();
                    } catch (IOException malformed) {
                        throw new AssertionError(malformed);
                    }
                })
                .toList();
    }

    private static int number(DeadLetter letter) throws IOException {
        return JSON.readTree(text(letter)).path("offset").asInt();
    }

    private static int numberOf(DeadLetter letter) {
        try {
            return number(letter);
        } catch (IOException malformed) {
            throw new AssertionError(malformed);
        }
    }

    private static String text(DeadLetter letter) {
        return new String(letter.event().data(), StandardCharsets.UTF_8);
    }

    private IngestHouse house(String member) {
        return new IngestHouse(
                folder.resolve("log"),
                1,
                SourceConfig.parse(
                        "orders",
                        Map.of(
                                "topics", List.of("orders"),
                                "stream", List.of("${data." + member + "}"),
                                "ordering", List.of("park"))));
    }
}
