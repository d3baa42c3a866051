package dev.sluice.participant;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.10",
                "-0.1e400",
                "\"ü\\u00e4\"",
                "{\"a\":[1, {}]}",
                "[ ]",
                "null",
                "true",
                "12345678901234567890"
            })
    void givesMembersBackByteForByte(String value) {
        for (String around : new String[] {"{\"data\":%s}", " { \"type\" : \"T\" , \"data\" : %s , \"x\":1 } "}) {
            var json = JsonText.parse(around.formatted(value).getBytes(UTF_8));

            assertThat(json).isNotNull();
            assertThat(json.value("data")).asString(UTF_8).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{} {}", "nul", "{\"a\":1,}", "<html>", "{\"a\":1}x", "  "})
    void isNothingElse(String text) {
        assertThat(JsonText.parse(text.getBytes(UTF_8))).isNull();
    }

    @Test
    void isInUtf8() {
        assertThat(JsonText.parse("{\"type\":\"T\"}".getBytes(UTF_16))).isNull();
    }

    @Test
    void isAnEmptyObjectWhereNothingIs() {
        assertThat(JsonText.parse(new byte[0]).bytes()).asString(UTF_8).isEqualTo("{}");
        assertThat(JsonText.parse(null).bytes()).asString(UTF_8).isEqualTo("{}");
    }
}
