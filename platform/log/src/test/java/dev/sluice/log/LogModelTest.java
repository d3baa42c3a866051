package dev.sluice.log;

import static dev.sluice.log.Sample.answer;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random work on the log and on {@link ModelLog}; runs of the index are small, so that all kinds of borders are met. */
class LogModelTest {
    private static final int STEPS = Integer.getInteger("log.model.steps", 150);
    private static final long SEED = Long.getLong("log.model.seed", new Random().nextLong());
    private static final List<String> STREAMS = List.of(
            "order-1",
            "order-2",
            "order-3",
            "cart-1",
            "cart-2",
            "plain",
            "größe-ß",
            "a-1",
            "a-2",
            "a-3",
            "$own-1",
            "$own.x-2");
    private static final List<String> TYPES = List.of("Placed", "Paid", "Sent");

    @TempDir
    Path folder;

    private Random random = new Random();
    private ModelLog model = new ModelLog(1);
    private Log log;
    private LogOptions options = Sample.options();
    private int appendIds;
    private int eventIds;

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void behavesAsAListOfEvents(int shards) {
        System.out.println("seed " + SEED + ", shards " + shards);
        random = new Random(SEED + shards);
        model = new ModelLog(shards);
        options = Sample.options().withShards(shards);
        open();

        for (int step = 0; step < STEPS; step++) {
            switch (random.nextInt(12)) {
                case 0 -> reopen();
                case 1, 2, 3, 4 -> appendSeveral();
                case 5, 6 -> ingest();
                case 7 -> streams();
                case 8 -> readStream();
                default -> readPages();
            }
        }

        reopen();
        tails();
        log.close();
    }

    private void open() {
        log = Log.open(folder, options, new Shard.Seams(UnaryOperator.identity(), 37, 4));
    }

    private void reopen() {
        log.close();
        open();
        assertThat(log.head())
                .isEqualTo(Cursor.of(model.shards.stream().mapToLong(List::size).toArray()));
    }

    private void appendSeveral() {
        List<CompletionStage<Appended>> answers = new ArrayList<>();
        List<ModelLog.Outcome> expected = new ArrayList<>();
        int count = 1 + random.nextInt(30);
        for (int i = 0; i < count; i++) {
            Append append = append();
            expected.add(model.append(append));
            answers.add(log.append(append));
        }
        for (int i = 0; i < count; i++) {
            ModelLog.Outcome outcome = expected.get(i);
            if (outcome.refusal() != null) {
                var stage = answers.get(i);
                assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(Failure.class, () -> answer(stage))
                                .kind())
                        .isEqualTo(outcome.refusal());
                continue;
            }
            Appended appended = answer(answers.get(i));
            assertThat(appended.first().offset()).isEqualTo(outcome.first());
            assertThat(appended.count()).isEqualTo(outcome.count());
            assertThat(appended.duplicate()).isEqualTo(outcome.isDuplicate());
            assertThat(log.head().offset(appended.first().shard()))
                    .isGreaterThanOrEqualTo(outcome.first() + outcome.count() - 1);
        }
    }

    private Append append() {
        String first = one(STREAMS);
        List<Append.StreamWrite> writes = new ArrayList<>();
        var used = new HashSet<String>();
        for (String stream : random.nextInt(4) == 0 ? List.of(first, one(STREAMS), one(STREAMS)) : List.of(first)) {
            if (used.add(stream) && log.shardOf(stream) == log.shardOf(first)) {
                List<Event> events = IntStream.rangeClosed(0, random.nextInt(3))
                        .mapToObj(i -> event())
                        .toList();
                writes.add(new Append.StreamWrite(stream, expected(stream), events));
            }
        }
        if (random.nextInt(3) != 0) {
            return new Append(null, 0, writes);
        }
        String id = "append-" + (random.nextInt(3) == 0 ? random.nextInt(appendIds + 1) : appendIds++);
        return new Append(id, random.nextInt(5) == 0 ? 2 : 1, writes);
    }

    private Expected expected(String stream) {
        return switch (random.nextInt(8)) {
            case 0 -> Expected.NONE;
            case 1 -> Expected.EXISTS;
            case 2 -> Expected.version(model.version(stream));
            case 3 -> Expected.version(model.version(stream) + 1);
            default -> Expected.ANY;
        };
    }

    private Event event() {
        Map<String, Object> attributes = new LinkedHashMap<>();
        if (random.nextBoolean()) {
            attributes.put("subject", "s" + random.nextInt(3));
            attributes.put("größe", random.nextLong());
            attributes.put("flag", random.nextBoolean());
        }
        byte[] data = new byte[random.nextInt(20) == 0 ? 20_000 + random.nextInt(20_000) : random.nextInt(900)];
        random.nextBytes(data);
        return new Event(
                "id-" + eventIds++,
                one(TYPES),
                "source/" + random.nextInt(2),
                1_000_000L * random.nextInt(),
                random.nextBoolean() ? Event.JSON : "text/plain; charset=utf-8",
                attributes,
                random.nextInt(3) == 0 ? new Origin("topic", random.nextInt(9), random.nextLong() >>> 1) : null,
                data);
    }

    private void ingest() {
        int shard = random.nextInt(log.shards());
        int partition = random.nextInt(2);
        Long stored = model.watermark(shard, "topic", partition);
        long from = Math.max(0, (stored == null ? 5 : stored) + random.nextInt(9) - 6);
        List<SourceBatch.SourceEvent> records = new ArrayList<>();
        long next = from;
        for (int i = random.nextInt(20); i > 0; i--, next += 1 + random.nextInt(2)) {
            String stream = one(STREAMS);
            if (log.shardOf(stream) == shard) {
                records.add(new SourceBatch.SourceEvent(
                        next,
                        stream,
                        expected(stream),
                        event(),
                        random.nextBoolean() ? reason -> Sample.event("DeadLettered", "dead") : null));
            }
        }
        next++;
        var batch = new SourceBatch("source", "cluster", "id", "topic", partition, from, next, false, records);
        SourceBatch.Ingested expected = model.ingest(shard, batch);
        var stage = log.shard(shard).ingest(batch);
        if (expected == null) {
            assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(Failure.class, () -> answer(stage))
                            .kind())
                    .isEqualTo(Failure.Kind.SOURCE_GAP);
            return;
        }
        SourceBatch.Ingested ingested = answer(stage);
        assertThat(ingested)
                .isEqualTo(new SourceBatch.Ingested(
                        model.shards.get(shard).size(), expected.appended(), expected.refused(), expected.skipped()));
        assertThat(log.shard(shard).watermark("source", "topic", partition).next())
                .isEqualTo(model.watermark(shard, "topic", partition));
    }

    private void streams() {
        String prefix = one(List.of("", "order-", "a", "$", "$own-", "none"));
        List<String> expected = STREAMS.stream()
                .filter(stream -> stream.startsWith(prefix) && model.version(stream) > 0)
                .filter(stream -> prefix.startsWith("$") || !stream.startsWith("$"))
                .sorted()
                .toList();
        List<StreamInfo> all = log.streams(prefix, "", 1000).stream()
                .filter(info -> !info.stream().startsWith("$dlq"))
                .toList();
        assertThat(all).extracting(StreamInfo::stream).containsExactlyElementsOf(expected);
        for (StreamInfo info : all) {
            assertThat(info.version()).isEqualTo(model.version(info.stream()));
            assertThat(log.event(info.lastPosition()).version()).isEqualTo(info.version());
        }
        if (!prefix.startsWith("$") && expected.size() > 1) {
            assertThat(log.streams(prefix, expected.get(0), 1))
                    .extracting(StreamInfo::stream)
                    .containsExactly(expected.get(1));
        }
    }

    private void readStream() {
        String stream = one(STREAMS);
        long version = model.version(stream);
        long from = random.nextInt((int) version + 3);
        boolean isForward = random.nextBoolean();
        int limit = 1 + random.nextInt(50);
        List<ModelLog.Entry> expected = new ArrayList<>(model.shards.get(log.shardOf(stream)).stream()
                .filter(entry -> entry.stream().equals(stream))
                .filter(entry -> isForward ? entry.version() >= from : from == 0 || entry.version() <= from)
                .toList());
        if (!isForward) {
            java.util.Collections.reverse(expected);
        }
        List<RecordedEvent> events = log.readStream(
                stream, from, isForward ? EventQuery.Direction.FORWARD : EventQuery.Direction.BACKWARD, limit);
        assertThat(events).hasSize(Math.min(limit, expected.size()));
        for (int i = 0; i < events.size(); i++) {
            assertSame(events.get(i), expected.get(i));
        }
        assertThat(log.version(stream)).isEqualTo(version);
    }

    private void readPages() {
        Selection selection =
                switch (random.nextInt(4)) {
                    case 0 -> new Selection.OfStream(one(STREAMS));
                    case 1 ->
                        new Selection.OfCategory(one(List.of("order", "a", "plain", "$own", "$dlq.source", "no")));
                    case 2 -> new Selection.OfType(one(TYPES));
                    default -> new Selection.All();
                };
        boolean isForward = random.nextBoolean();
        var direction = isForward ? EventQuery.Direction.FORWARD : EventQuery.Direction.BACKWARD;
        Cursor after = random.nextInt(3) == 0 ? null : randomCursor();
        Long since = random.nextInt(4) == 0 ? someTime() : null;
        Predicate<RecordedEvent> where = random.nextInt(3) == 0 ? event -> event.dataLength() % 2 == 0 : null;
        List<RecordedEvent> expected = expected(selection, after, since, isForward, where);

        List<RecordedEvent> found = new ArrayList<>();
        Cursor at = after;
        boolean isEnd = false;
        for (int pages = 0; !isEnd && pages < 10_000; pages++) {
            int limit = 1 + random.nextInt(60);
            int maxScan = 1 + random.nextInt(200);
            EventPage page = log.read(new EventQuery(selection, at, since, direction, limit, maxScan, where));
            assertThat(page.events()).hasSizeLessThanOrEqualTo(limit);
            found.addAll(page.events());
            at = page.next();
            isEnd = page.end();
        }

        assertThat(isEnd).isTrue();
        assertThat(found)
                .extracting(RecordedEvent::position)
                .containsExactlyElementsOf(
                        expected.stream().map(RecordedEvent::position).toList());
    }

    private Cursor randomCursor() {
        return Cursor.of(model.shards.stream()
                .mapToLong(shard -> random.nextInt(shard.size() + 4) - 1)
                .toArray());
    }

    private Long someTime() {
        int shard = random.nextInt(log.shards());
        int size = model.shards.get(shard).size();
        return size == 0
                ? 0L
                : log.event(new Position(shard, 1 + random.nextInt(size))).recordedMicros() + random.nextInt(2);
    }

    private List<RecordedEvent> expected(
            Selection selection, Cursor after, Long since, boolean isForward, Predicate<RecordedEvent> where) {
        List<RecordedEvent> all = new ArrayList<>();
        for (int shard = 0; shard < log.shards(); shard++) {
            int size = model.shards.get(shard).size();
            long start = after == null ? (isForward ? 0 : size) : after.offset(shard);
            start = start == Cursor.UNNAMED ? size : Math.min(start, size);
            for (long offset = 1; offset <= size; offset++) {
                RecordedEvent event = log.event(new Position(shard, offset));
                assertSame(event, model.shards.get(shard).get((int) offset - 1));
                if ((isForward ? offset > start : offset <= start)
                        && selection.includes(event)
                        && (since == null || event.recordedMicros() >= since)
                        && (where == null || where.test(event))) {
                    all.add(event);
                }
            }
        }
        Comparator<RecordedEvent> order = Comparator.comparingLong(RecordedEvent::recordedMicros)
                .thenComparingInt(RecordedEvent::shard)
                .thenComparingLong(RecordedEvent::offset);
        all.sort(isForward ? order : order.reversed());
        return all;
    }

    private void tails() {
        for (int shard = 0; shard < log.shards(); shard++) {
            List<ModelLog.Entry> all = model.shards.get(shard);
            int start = random.nextInt(all.size() + 1);
            Tail tail = log.shard(shard).tail(start);
            int at = start;
            for (List<RecordedEvent> events = tail.poll(7); !events.isEmpty(); events = tail.poll(7)) {
                for (RecordedEvent event : events) {
                    assertThat(event.offset()).isEqualTo(at + 1);
                    assertSame(event, all.get(at++));
                }
            }
            assertThat(at).isEqualTo(all.size());
        }
    }

    private static void assertSame(RecordedEvent found, ModelLog.Entry expected) {
        Event event = expected.event();
        assertThat(found.stream()).isEqualTo(expected.stream());
        assertThat(found.version()).isEqualTo(expected.version());
        assertThat(found.id()).isEqualTo(event.id());
        assertThat(found.type()).isEqualTo(event.type());
        assertThat(found.source()).isEqualTo(event.source());
        assertThat(found.timeMicros()).isEqualTo(event.timeMicros());
        assertThat(found.contentType()).isEqualTo(event.contentType());
        assertThat(found.attributes()).isEqualTo(event.attributes());
        assertThat(found.origin()).isEqualTo(event.origin());
        assertThat(Arrays.equals(found.data(), event.data())).isTrue();
    }

    private <T> T one(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
