package dev.sluice.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Append;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.log.RecordedEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CloudEventsJsonTest {
    private static final String PLACED =
            "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\",\"type\":\"OrderPlaced\"";

    @TempDir
    Path folder;

    @Test
    void givesBackWhatAnIndependentWriterWrote() throws Exception {
        var format = new JsonFormat();
        var written = CloudEventBuilder.v1()
                .withId("e1")
                .withSource(URI.create("/shop"))
                .withType("OrderPlaced")
                .withTime(OffsetDateTime.parse("2026-03-01T10:00:00.123456Z"))
                .withSubject("8812")
                .withExtension("retries", 3)
                .withExtension("urgent", true)
                .withData("application/json", "{\"total\": 1.5, \"who\": \"Zoë\"}".getBytes(UTF_8))
                .build();

        var read = format.deserialize(CloudEventsJson.write(recorded(format.serialize(written)), null));

        assertThat(read.getId()).isEqualTo("e1");
        assertThat(read.getTime()).isEqualTo(written.getTime());
        assertThat(read.getSubject()).isEqualTo("8812");
        assertThat(read.getExtension("retries")).isEqualTo(3);
        assertThat(read.getExtension("urgent")).isEqualTo(true);
        assertThat(read.getExtension("stream")).isEqualTo("order-1");
        assertThat(read.getExtension("position")).isEqualTo("0:1");
        assertThat(new String(read.getData().toBytes(), UTF_8)).isEqualTo("{\"total\":1.5,\"who\":\"Zoë\"}");
    }

    @Test
    void keepsBytesThatAreNotJson() throws Exception {
        var text = PLACED + ",\"datacontenttype\":\"text/plain\",\"data\":\"h\\u00e9llo\"}";
        var bytes = PLACED + ",\"datacontenttype\":\"image/png\",\"data_base64\":\"iVBORw==\"}";

        assertThat(CloudEventsJson.parse(text.getBytes(UTF_8), 0).event().data())
                .isEqualTo("héllo".getBytes(UTF_8));
        assertThat(new String(CloudEventsJson.write(recorded(bytes.getBytes(UTF_8)), "c"), UTF_8))
                .contains("\"data_base64\":\"iVBORw==\"", "\"cursor\":\"c\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                             | expected a JSON object",
                "{\"specversion\":\"1.0\"}                                      | found no attribute 'id'",
                "{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"} | found specversion '0.3', expected 1.0",
                "{\"specversion\":\"1.0\",\"id\":1,\"source\":\"s\",\"type\":\"t\"}     | found 1 as attribute 'id'",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"id\":\"2\"}                    | twice",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"Bad-Name\":1} | lower-case letters",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"x\":1.5} | a string, boolean or integer",
                "{\"specversion\":\"1.0\",\"id\":\"\\ud83d\",\"source\":\"s\",\"type\":\"t\"} | half of a surrogate pair in attribute 'id'",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"time\":\"noon\"} | expected RFC 3339",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data_base64\":\"*\"} | expected base64",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data\":{]}} | cannot be read at line 1",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"} {} | found more after the event",
            })
    void saysWhatWasFoundAndWhatWasExpected(String json, String message) {
        assertThatThrownBy(() -> CloudEventsJson.parse(json.getBytes(UTF_8), 0))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_EVENT))
                .hasMessageContaining(message);
    }

    @Test
    void refusesAnEmptyBatch() {
        assertThatThrownBy(() -> CloudEventsJson.parseBatch("[]".getBytes(UTF_8), 0))
                .hasMessage("found an empty batch, expected at least one event");
    }

    private RecordedEvent recorded(byte[] json) throws Exception {
        var event = CloudEventsJson.parse(json, 0).event();
        try (var log = Log.open(folder, LogOptions.defaults())) {
            log.append(Append.to("order-1", Expected.ANY, List.of(event)))
                    .toCompletableFuture()
                    .get();
            return log.readStream("order-1", 1, EventQuery.Direction.FORWARD, 1).get(0);
        }
    }
}
