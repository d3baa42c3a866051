package dev.sluice.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Origin;
import dev.sluice.log.SourceBatch.SourceEvent;
import dev.sluice.spi.Source.Header;
import dev.sluice.spi.Source.Partition;
import dev.sluice.spi.Source.RawRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordMapperTest {
    private static final String DLQ = "$dlq.orders-3";
    private static final int MAX_BYTES = 200_000;
    private static final String ORDER = "{\"orderId\":\"8812\",\"customer\":{\"id\":77},\"total\":129.90}";

    @Test
    void mapsPlainJsonByTheDefaults() {
        var mapped = accepted(mapper(Map.of()), plain("8812", ORDER));

        assertThat(mapped.stream()).isEqualTo("shop-8812");
        assertThat(mapped.expected()).isEqualTo(Expected.ANY);
        assertThat(mapped.sourceOffset()).isEqualTo(41);
        var event = mapped.event();
        assertThat(event.id()).isEqualTo("shop/3/41");
        assertThat(event.type()).isEqualTo("shop");
        assertThat(event.source()).isEqualTo("kafka://shop");
        assertThat(event.timeMicros()).isEqualTo(1_700_000_000_000_000L);
        assertThat(event.contentType()).isEqualTo("application/json");
        assertThat(event.attributes()).isEmpty();
        assertThat(event.origin()).isEqualTo(new Origin("shop", 3, 41));
        assertThat(event.data()).asString(StandardCharsets.UTF_8).isEqualTo(ORDER);
    }

    @Test
    void takesTheTypeFromTheHeaderAndKeepsTheTrace() {
        var mapped = accepted(mapper(Map.of()), plain("1", "1", "type", "OrderPlaced", "traceparent", "00-ab"));

        assertThat(mapped.event().type()).isEqualTo("OrderPlaced");
        assertThat(mapped.event().attributes()).containsOnly(Map.entry("traceparent", "00-ab"));
    }

    @ParameterizedTest
    @CsvSource({
        "order-${key}, order-k",
        "order-${data.orderId}, order-8812",
        "${data.customer.id}-${data.orderId}, 77-8812",
        "${header.region}-${partition}-${data.total}, eu-3-129.90",
        "all, all",
    })
    void fillsInTheTemplateOfTheStream(String template, String stream) {
        var mapped = accepted(mapper(Map.of("stream", template)), plain("k", ORDER, "region", "eu"));

        assertThat(mapped.stream()).isEqualTo(stream);
    }

    @ParameterizedTest
    @CsvSource({
        "order-${key}, ${key}",
        "order-${data.missing}, ${data.missing}",
        "order-${data.customer}, ${data.customer}",
        "order-${data.orderId.x}, ${data.orderId.x}",
        "${header.region}, ${header.region}"
    })
    void makesADeadLetterOfARecordWithoutAStream(String template, String missing) throws IOException {
        var letter = deadLetter(mapper(Map.of("stream", template)), plain(null, ORDER));

        assertThat(letter.path("reason").asText()).isEqualTo("no-stream");
        assertThat(letter.path("detail").asText()).contains("found no " + missing, template);
        assertThat(letter.path("key").isNull()).isTrue();
    }

    @Test
    void readsCloudEventsInBinaryMode() {
        var mapped = accepted(
                mapper(Map.of()),
                plain(
                        "k",
                        ORDER,
                        "ce_specversion",
                        "1.0",
                        "ce_id",
                        "e-1",
                        "ce_source",
                        "/shop",
                        "ce_type",
                        "OrderPlaced",
                        "ce_time",
                        "2026-01-31T12:00:00.5Z",
                        "ce_stream",
                        "order-1",
                        "ce_expectedversion",
                        "4",
                        "ce_subject",
                        "s",
                        "ce_correlationid",
                        "c-1",
                        "ce_tags",
                        "region:eu",
                        "ce_streamversion",
                        "9",
                        "content-type",
                        "application/json; charset=utf-8"));

        assertThat(mapped.stream()).isEqualTo("order-1");
        assertThat(mapped.expected()).isEqualTo(Expected.version(4));
        var event = mapped.event();
        assertThat(event.id()).isEqualTo("e-1");
        assertThat(event.type()).isEqualTo("OrderPlaced");
        assertThat(event.source()).isEqualTo("/shop");
        assertThat(event.timeMicros()).isEqualTo(1_769_860_800_500_000L);
        assertThat(event.attributes())
                .containsOnly(
                        Map.entry("subject", "s"), Map.entry("correlationid", "c-1"), Map.entry("tags", "region:eu"));
    }

    @Test
    void readsCloudEventsInStructuredMode() {
        String json = "{\"specversion\":\"1.0\",\"id\":\"e-2\",\"source\":\"/shop\",\"type\":\"OrderPlaced\","
                + "\"subject\":\"s\",\"data\":" + ORDER + "}";

        var mapped = accepted(
                mapper(Map.of("stream", "order-${data.orderId}")),
                plain("k", json, "content-type", "application/cloudevents+json; charset=UTF-8"));

        assertThat(mapped.stream()).isEqualTo("order-8812");
        assertThat(mapped.event().id()).isEqualTo("e-2");
        assertThat(mapped.event().timeMicros()).isEqualTo(1_700_000_000_000_000L);
        assertThat(mapped.event().origin()).isEqualTo(new Origin("shop", 3, 41));
        assertThat(mapped.event().data()).asString(StandardCharsets.UTF_8).isEqualTo(ORDER);
    }

    @Test
    void keepsDataThatIsNotJsonAsItIs() {
        var raw = new RawRecord(41, 5, utf8("k"), new byte[] {1, 2, -1}, headers("content-type", "image/png"));

        var mapped = accepted(mapper(Map.of()), raw);

        assertThat(mapped.event().contentType()).isEqualTo("image/png");
        assertThat(mapped.event().data()).containsExactly(1, 2, -1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":                 | bad-json",
                "{\"a\":1} x             | bad-json",
                "''                      | bad-json",
                "{\"a\":\"\\x\"}         | bad-json",
                "[1,2                    | bad-json",
            })
    void makesADeadLetterOfDataThatIsNotJson(String data, String reason) throws IOException {
        for (String template : List.of("${topic}-${key}", "order-${data.a}")) {
            var letter = deadLetter(mapper(Map.of("stream", template)), plain("k", data));

            assertThat(letter.path("reason").asText()).isEqualTo(reason);
            assertThat(letter.path("detail").asText()).startsWith("found ");
        }
    }

    @Test
    void keepsTheWholeRecordInItsDeadLetter() throws IOException {
        var raw = new RawRecord(
                41,
                1_700_000_000_000L,
                new byte[] {-1},
                utf8("{"),
                List.of(new Header("a", utf8("b")), new Header("c", new byte[] {-2}), new Header("d", null)));

        var refused = mapper(Map.of()).map(raw);
        var letter = data(refused);

        assertThat(refused.stream()).isEqualTo(DLQ);
        assertThat(refused.event().type()).isEqualTo("DeadLettered");
        assertThat(refused.event().origin()).isEqualTo(new Origin("shop", 3, 41));
        assertThat(letter.path("consumer").asText()).isEqualTo("source:orders");
        assertThat(letter.path("topic").asText()).isEqualTo("shop");
        assertThat(letter.path("partition").asInt()).isEqualTo(3);
        assertThat(letter.path("offset").asLong()).isEqualTo(41);
        assertThat(letter.path("timestamp").asLong()).isEqualTo(1_700_000_000_000L);
        assertThat(letter.path("keyBase64").asText()).isEqualTo("/w==");
        assertThat(letter.path("headers").toString())
                .isEqualTo("[{\"name\":\"a\",\"value\":\"b\"},{\"name\":\"c\",\"valueBase64\":\"/g==\"},"
                        + "{\"name\":\"d\",\"value\":null}]");
        assertThat(letter.path("valueBase64").asText()).isEqualTo("ew==");
        assertThat(letter.has("truncated")).isFalse();
    }

    @Test
    void cutsAnOversizedValueInItsDeadLetter() throws IOException {
        String large = "\"" + "x".repeat(MAX_BYTES) + "\"";

        var letter = deadLetter(mapper(Map.of()), plain("k", large));

        assertThat(letter.path("reason").asText()).isEqualTo("too-large");
        assertThat(letter.path("truncated").asBoolean()).isTrue();
        assertThat(letter.path("valueBytes").asInt()).isEqualTo(large.length());
        assertThat(Base64.getDecoder().decode(letter.path("valueBase64").asText()))
                .hasSize(64 << 10);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ce_id=e-1                                                  | no header ce_specversion",
                "ce_specversion=0.3;ce_id=e;ce_source=/s;ce_type=T          | ce_specversion '0.3', expected 1.0",
                "ce_specversion=1.0;ce_source=/s;ce_type=T                  | no header ce_id",
                "ce_specversion=1.0;ce_id=e;ce_source=/s;ce_type=T;ce_A=1   | header ce_A",
                "ce_specversion=1.0;ce_id=e;ce_source=/s;ce_type=T;ce_time=now | found time 'now', expected RFC 3339",
                "ce_specversion=1.0;ce_id=e;ce_source=/s;ce_type=T;ce_expectedversion=x | found expected version 'x'",
                "ce_specversion=1.0;ce_id=e;ce_source=/s;ce_type=T;ce_tags=BAD | found tag 'BAD'",
                "content-type=application/cloudevents+json                  | found attribute 'orderId'",
                "content-type=application/cloudevents-batch+json            | expected application/cloudevents+json",
            })
    void makesADeadLetterOfWhatIsNoCloudEvent(String given, String detail) throws IOException {
        var pairs = given.split("[=;]");

        var letter = deadLetter(mapper(Map.of()), plain("k", ORDER, pairs));

        assertThat(letter.path("reason").asText()).isEqualTo("bad-cloudevent");
        assertThat(letter.path("detail").asText()).contains(detail);
    }

    @Test
    void keepsThePlatformsStreamsForThePlatform() throws IOException {
        var letter = deadLetter(mapper(Map.of("stream", "${key}")), plain("$dlq.orders-0", ORDER));

        assertThat(letter.path("reason").asText()).isEqualTo("platform-stream");
    }

    @Test
    void refusesNamesThatNoStreamMayHave() throws IOException {
        assertThat(deadLetter(mapper(Map.of()), plain("x".repeat(300), ORDER))
                        .path("detail")
                        .asText())
                .startsWith("found a stream name of 305 bytes");
        assertThat(deadLetter(mapper(Map.of()), new RawRecord(41, 0, new byte[] {-1}, utf8("1"), List.of()))
                        .path("detail")
                        .asText())
                .startsWith("found a key that is not UTF-8");
    }

    @Test
    void treatsTombstonesAsConfigured() throws IOException {
        var tombstone = new RawRecord(41, 0, utf8("k"), null, List.of());

        assertThat(mapper(Map.of()).map(tombstone)).isNull();
        var appended = accepted(mapper(Map.of("tombstone", "append:Removed")), tombstone);
        assertThat(appended.event().type()).isEqualTo("Removed");
        assertThat(appended.event().data()).isEmpty();
        assertThat(deadLetter(mapper(Map.of("tombstone", "dead-letter")), tombstone)
                        .path("reason")
                        .asText())
                .isEqualTo("tombstone");
    }

    @Test
    void makesTheDeadLetterOfAConflictWhenTheShardFindsOne() throws IOException {
        var raw = plain(
                "k",
                "1",
                "ce_specversion",
                "1.0",
                "ce_id",
                "e",
                "ce_source",
                "/s",
                "ce_type",
                "T",
                "ce_expectedversion",
                "none");
        var mapped = accepted(mapper(Map.of()), raw);

        var refused = mapped.onConflict().refused(Failure.wrongVersion("shop-k", Expected.NONE, 4));

        var letter = new ObjectMapper().readTree(refused.data());
        assertThat(letter.path("reason").asText()).isEqualTo("wrong-expected-version");
        assertThat(letter.path("detail").asText()).isEqualTo("stream shop-k is at version 4, expected 0");
        assertThat(accepted(mapper(Map.of("onConflict", "append")), raw).expected())
                .isEqualTo(Expected.ANY);
    }

    private static RecordMapper mapper(Map<String, String> settings) {
        var values = new HashMap<String, List<String>>();
        values.put("topics", List.of("shop"));
        settings.forEach((key, value) -> values.put(key, List.of(value)));
        return new RecordMapper(
                SourceConfig.parse("orders", values), new Partition("cluster", "id", "shop", 3), MAX_BYTES, DLQ);
    }

    private static SourceEvent accepted(RecordMapper mapper, RawRecord raw) {
        var mapped = mapper.map(raw);
        assertThat(mapped).isNotNull();
        assertThat(mapped.stream())
                .as(() -> new String(mapped.event().data(), StandardCharsets.UTF_8))
                .isNotEqualTo(DLQ);
        return mapped;
    }

    private static JsonNode deadLetter(RecordMapper mapper, RawRecord raw) throws IOException {
        var mapped = mapper.map(raw);
        assertThat(mapped).isNotNull();
        assertThat(mapped.stream()).isEqualTo(DLQ);
        return data(mapped);
    }

    private static JsonNode data(SourceEvent event) throws IOException {
        return new ObjectMapper().readTree(event.event().data());
    }

    private static RawRecord plain(@Nullable String key, String value, String... headers) {
        return new RawRecord(41, 1_700_000_000_000L, key == null ? null : utf8(key), utf8(value), headers(headers));
    }

    private static List<Header> headers(String... pairs) {
        var headers = new ArrayList<Header>();
        for (int i = 0; i < pairs.length; i += 2) {
            headers.add(new Header(pairs[i], utf8(pairs[i + 1])));
        }
        return headers;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
