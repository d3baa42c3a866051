package dev.sluice.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Failure;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceConfigTest {
    @Test
    void fillsInWhatIsNotGiven() {
        var config = SourceConfig.of("orders", "shop.orders");

        assertThat(config.topics()).containsExactly("shop.orders");
        assertThat(config.stream()).isEqualTo("${topic}-${key}");
        assertThat(config.tombstone()).isEqualTo(new SourceConfig.Tombstone.Ignore());
        assertThat(config.refused().onConflictAppend()).isFalse();
        assertThat(config.onOffsetLossEarliest()).isFalse();
    }

    @Test
    void readsEveryKey() {
        var config = SourceConfig.parse(
                "all",
                Map.of(
                        "name", List.of("all"),
                        "pattern", List.of("shop\\..*"),
                        "stream", List.of("order-${data.orderId}"),
                        "type", List.of("${header.kind}"),
                        "source", List.of("shop/${topic}/${partition}"),
                        "tombstone", List.of("append:Removed"),
                        "onConflict", List.of("append"),
                        "ordering", List.of("park"),
                        "deadLetterTopic", List.of("none"),
                        "onOffsetLoss", List.of("earliest")));

        assertThat(config)
                .isEqualTo(new SourceConfig(
                        "all",
                        List.of(),
                        "shop\\..*",
                        "order-${data.orderId}",
                        "${header.kind}",
                        "shop/${topic}/${partition}",
                        new SourceConfig.Tombstone.AppendType("Removed"),
                        new SourceConfig.Refused(true, true, ""),
                        true));
    }

    @Test
    void aPatternNeverMatchesWhatIsMirroredTo() {
        var pattern = SourceConfig.parse("x", Map.of("pattern", List.of("shop\\..*|orders")))
                .topicPattern();
        var fixed = SourceConfig.parse(
                        "x", Map.of("pattern", List.of(".*"), "deadLetterTopic", List.of("dead.letters")))
                .topicPattern();

        assertThat("shop.eu").matches(pattern);
        assertThat("orders").matches(pattern);
        assertThat("shop.eu.dlq").doesNotMatch(pattern);
        assertThat("dead.letters.eu").matches(fixed);
        assertThat("dead.letters").doesNotMatch(fixed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stream     | order-${id}   | stream: found 'order-${id}', expected a template with ${key}",
                "stream     | order-${key   | expected a template with a } after ${",
                "source     | ${data..a}    | source: found '${data..a}'",
                "tombstone  | drop          | tombstone: found 'drop', expected ignore, append:<Type> or dead-letter",
                "onConflict | skip          | onConflict: found 'skip', expected dead-letter or append",
                "ordering   | parked        | ordering: found 'parked', expected skip or park",
                "deadLetterTopic | orders   | deadLetterTopic: found 'orders', expected a topic that source x does not read",
                "deadLetterTopic | a b      | deadLetterTopic: found 'a b', expected none, or another topic",
                "onOffsetLoss | latest      | onOffsetLoss: found 'latest', expected halt or earliest",
                "topics     | a b           | topics: found 'a b', expected a topic",
                "pattern    | (             | found 'topics and pattern', expected one of the two",
                "topic      | orders        | topic: found an unknown key in source x, expected one of name, topics",
            })
    void saysWhatWasFoundAndWhatWasExpected(String key, String value, String message) {
        var values = new HashMap<String, List<String>>();
        values.put("topics", List.of("orders"));
        values.put(key, List.of(value));

        assertThatThrownBy(() -> SourceConfig.parse("x", values))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.CONFIG_INVALID))
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"Orders", "projection", "a.b", "''", "-a"})
    void refusesNamesThatWouldNotMakeAStream(String name) {
        assertThatThrownBy(() -> SourceConfig.of(name, "orders"))
                .hasMessageStartingWith("name: found '" + name + "', expected");
    }

    @Test
    void refusesAPatternThatIsNoRegularExpression() {
        assertThatThrownBy(() -> SourceConfig.parse("x", Map.of("pattern", List.of("("))))
                .hasMessageStartingWith("pattern: found '(', expected a regular expression");
    }
}
