package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.format.EventFormat;
import io.cloudevents.core.provider.EventFormatProvider;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AppendRequestTest {
    private static final long NOW = 1_700_000_000_000_000L;
    private static final String CE = "application/cloudevents+json";
    private static final Map<String, String> BINARY =
            Map.of("specversion", "1.0", "id", "a1", "source", "/till/3", "type", "OrderPlaced");

    @Test
    void takesWhatAnIndependentWriterOfTheStructuredFormWrote() {
        EventFormat format = EventFormatProvider.getInstance().resolveFormat(JsonFormat.CONTENT_TYPE);
        byte[] body = format.serialize(CloudEventBuilder.v1()
                .withId("a1")
                .withSource(URI.create("/till/3"))
                .withType("OrderPlaced")
                .withTime(OffsetDateTime.parse("2026-01-31T12:00:00.123456Z"))
                .withSubject("o-1")
                .withExtension("customer", "ann")
                .withData("application/json", "{\"total\":12.50}".getBytes(StandardCharsets.UTF_8))
                .build());

        Event event = only(request(CE, null, Map.of(), body).toAppend(NOW));

        assertThat(event.id()).isEqualTo("a1");
        assertThat(event.timeMicros()).isEqualTo(1_769_860_800_123_456L);
        assertThat(event.attributes()).containsEntry("subject", "o-1").containsEntry("customer", "ann");
        assertThat(text(event)).isEqualTo("{\"total\":12.50}");
    }

    @Test
    void takesTheBinaryFormAndDecodesItsHeaders() {
        var headers = new TreeMap<>(BINARY);
        headers.put("subject", "Euro%20%E2%82%AC%20100%25");
        headers.put("note", "\"say \\\"hi\\\"\"");
        headers.put("tags", "customer:ann,region:eu");

        Event event = only(request("text/plain; charset=utf-8", null, headers, bytes("hello"))
                .toAppend(NOW));

        assertThat(event.type()).isEqualTo("OrderPlaced");
        assertThat(event.contentType()).isEqualTo("text/plain; charset=utf-8");
        assertThat(event.timeMicros()).isEqualTo(NOW);
        assertThat(event.attributes())
                .containsEntry("subject", "Euro € 100%")
                .containsEntry("note", "say \"hi\"")
                .containsEntry("tags", "customer:ann,region:eu");
        assertThat(text(event)).isEqualTo("hello");
    }

    @Test
    void takesPlainJsonWithItsTypeAndGivesItAnId() {
        Event event = only(request("application/json; charset=UTF-8", "OrderPlaced", Map.of(), bytes(" [1,2] "))
                .toAppend(NOW));

        assertThat(event.type()).isEqualTo("OrderPlaced");
        assertThat(event.id()).hasSize(36);
        assertThat(event.timeMicros()).isEqualTo(NOW);
        assertThat(event.isJson()).isTrue();
        assertThat(text(event)).isEqualTo(" [1,2] ");
    }

    @Test
    void keepsTheOrderOfABatch() {
        byte[] body = bytes("[" + event("a", "") + "," + event("b", ",\"stream\":\"order-1\"") + "]");

        Append append = request("application/cloudevents-batch+json", null, Map.of(), body)
                .toAppend(NOW);

        assertThat(append.writes().get(0).events()).extracting(Event::id).containsExactly("a", "b");
        assertThat(append.writes().get(0).stream()).isEqualTo("order-1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json | | {} | INVALID_REQUEST",
                "application/json | T | {} {} | INVALID_EVENT",
                "application/json | T | {\"a\": | INVALID_EVENT",
                "application/json | T | '' | INVALID_EVENT",
                "application/json; charset=iso-8859-1 | T | {} | UNSUPPORTED_MEDIA_TYPE",
                "text/plain | T | x | UNSUPPORTED_MEDIA_TYPE",
                "application/x-www-form-urlencoded | | a=b | UNSUPPORTED_MEDIA_TYPE",
                "'' | | {} | UNSUPPORTED_MEDIA_TYPE",
                "application/cloudevents+json | T | {} | INVALID_REQUEST",
                "application/cloudevents+json | | [] | INVALID_EVENT",
                "application/cloudevents+json | | {\"specversion\":\"1.0\"} | INVALID_EVENT",
                "application/cloudevents-batch+json | | [] | INVALID_EVENT",
                "application/cloudevents-batch+json | | [1] | INVALID_EVENT",
            })
    void refuses(String contentType, @Nullable String type, String body, Kind kind) {
        var request = request(contentType, type, Map.of(), bytes(body));

        assertThat(catchThrowable(() -> request.toAppend(NOW))).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.kind()).isEqualTo(kind);
            assertThat(failure.getMessage()).contains("found").contains("expected");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ",\"stream\":\"order-2\"",
                ",\"expectedversion\":\"3\"",
                ",\"tags\":\"Customer:ann\"",
                ",\"tags\":\"customer\"",
                ",\"Upper\":\"x\"",
                ",\"a_b\":\"x\"",
                ",\"nested\":{}",
                ",\"time\":\"yesterday\"",
                ",\"data\":1,\"data_base64\":\"AA==\"",
            })
    void refusesAttributes(String attributes) {
        var request = request(CE, null, Map.of(), bytes(event("a", attributes)));

        assertThat(catchThrowable(() -> request.toAppend(NOW)))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID_EVENT));
    }

    @ParameterizedTest
    @CsvSource({"subject,%E2%82", "subject,%FF", "subject,%zz", "subject,%", "Sub-ject,x", "datacontenttype,text/plain"
    })
    void refusesHeaders(String name, String value) {
        var headers = new TreeMap<>(BINARY);
        headers.put(name, value);

        assertThat(catchThrowable(
                        () -> request("text/plain", null, headers, bytes("x")).toAppend(NOW)))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID_EVENT));
    }

    @Test
    void refusesJsonThatIsNotUtf8WithoutGuessing() {
        byte[] utf16 = "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE);
        byte[] broken = {'"', (byte) 0xc3, '"'};

        for (byte[] body : new byte[][] {utf16, broken}) {
            assertThat(catchThrowable(() ->
                            request("application/json", "T", Map.of(), body).toAppend(NOW)))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID_EVENT));
        }
    }

    @Test
    void theDigestIsOfWhatWasSentAndDemanded() {
        long digest = digest("order-1", Expected.ANY, "T", "{}");

        assertThat(digest("order-1", Expected.ANY, "T", "{}")).isEqualTo(digest);
        assertThat(digest("order-2", Expected.ANY, "T", "{}")).isNotEqualTo(digest);
        assertThat(digest("order-1", Expected.NONE, "T", "{}")).isNotEqualTo(digest);
        assertThat(digest("order-1", Expected.ANY, "U", "{}")).isNotEqualTo(digest);
        assertThat(digest("order-1", Expected.ANY, "T", "{ }")).isNotEqualTo(digest);
    }

    private static long digest(String stream, Expected expected, String type, String body) {
        return new AppendRequest(stream, expected, "key", "application/json", type, new TreeMap<>(), bytes(body))
                .toAppend(NOW)
                .digest();
    }

    private static AppendRequest request(
            @Nullable String contentType, @Nullable String type, Map<String, String> headers, byte[] body) {
        SortedMap<String, String> sorted = new TreeMap<>(headers);
        return new AppendRequest("order-1", Expected.ANY, null, contentType, type, sorted, body);
    }

    private static String event(String id, String more) {
        return "{\"specversion\":\"1.0\",\"id\":\"" + id + "\",\"source\":\"/t\",\"type\":\"T\"" + more + "}";
    }

    private static Event only(Append append) {
        assertThat(append.writes()).hasSize(1);
        assertThat(append.writes().get(0).events()).hasSize(1);
        return append.writes().get(0).events().get(0);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(Event event) {
        return new String(event.data(), StandardCharsets.UTF_8);
    }
}
