package dev.sluice.participant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Failure;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamConfigTest {
    @Test
    void hasDefaultsForAllButTheUrl() {
        var config = UpstreamConfig.of("payments", "https://pay.example/v2/");

        assertThat(config.url()).hasToString("https://pay.example/v2");
        assertThat(config.port()).isEqualTo(443);
        assertThat(config.timeoutMillis()).isEqualTo(60_000);
        assertThat(config.maxConnections()).isEqualTo(32);
        assertThat(config.maxWaiting()).isEqualTo(1_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "url            | ftp://a          | url: found 'ftp://a', expected http://HOST",
                "url            | a                | url: found 'a'",
                "url            | http:///a        | url: found",
                "url            | http://a?x=1     | url: found",
                "url            | http://u:hush@a  | credentials go into headers",
                "url            | http://u:hush@[  | credentials go into headers",
                "timeout        | 0ms              | timeout: found '0ms', expected a duration from 1ms to 1h",
                "timeout        | soon             | timeout: found 'soon'",
                "maxConnections | 0                | expected a whole number from 1 to 10000",
                "retries        | 3                | retries: found 'an unknown key', expected one of url, timeout",
            })
    void refusesWhatIsWrongAndShowsNoPassword(String key, String value, String message) {
        var values = new java.util.HashMap<>(Map.of("url", "http://a"));
        values.put(key, value);

        assertThatThrownBy(() -> UpstreamConfig.parse("payments", values, Map.of()))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.CONFIG_INVALID))
                .hasMessageContaining(message)
                .hasMessageNotContaining("hush");
    }

    @Test
    void refusesHeadersThatAreItsOwnAndShowsNoValue() {
        for (String own : new String[] {"Content-Type", "ce-type", "idempotency-key", "a b", ""}) {
            assertThatThrownBy(() -> UpstreamConfig.parse("p", Map.of("url", "http://a"), Map.of(own, "x")))
                    .hasMessageContaining("headers: found '" + own + "'");
        }
        assertThatThrownBy(() -> UpstreamConfig.parse("p", Map.of("url", "http://a"), Map.of("X", "hush\r\nY: z")))
                .hasMessageContaining("headers.X")
                .hasMessageNotContaining("hush");
        assertThat(UpstreamConfig.parse("p", Map.of("url", "http://a"), Map.of("Authorization", "hush")))
                .asString()
                .doesNotContain("hush");
    }
}
