package dev.sluice.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonScanTest {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final String[] PIECES = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\"é€😀\"",
        "\\",
        "1",
        "-",
        "0",
        ".",
        "5",
        "e",
        "+",
        "true",
        "false",
        "null",
        " ",
        "\n",
        "\"a\":1",
        "{\"a\":[]}",
        "x",
        "\t"
    };

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                " { } ",
                "0",
                "-0",
                "-1.5e+10",
                "1E3",
                "\"\"",
                "\"\\u00e9\\n\\\"\"",
                "\"é€😀\"",
                "true",
                "null",
                "[1,[2,{\"a\":[]}],{}]",
                "{\"a\":{\"b\":[true,false,null]},\"c\":\"d\"} ",
                "\r\n\t[ 1 , 2 ]"
            })
    void recognizesJson(String json) {
        assertThat(JsonScan.recognizes(json.getBytes(StandardCharsets.UTF_8))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[",
                "}",
                "{]",
                "[}",
                "{,}",
                "[,]",
                "[1,]",
                "{\"a\":1,}",
                "{\"a\"}",
                "{\"a\":}",
                "{a:1}",
                "[1 2]",
                "1 2",
                "01",
                "-",
                "1.",
                ".5",
                "1e",
                "+1",
                "tru",
                "nulll",
                "\"",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\t\"",
                "{}{}",
                "[[]",
                "NaN",
                "'a'",
                "{\"a\":1]",
                "[1}"
            })
    void recognizesNothingElse(String text) {
        assertThat(JsonScan.recognizes(text.getBytes(StandardCharsets.UTF_8))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C0AF", "C1BF", "E08080", "EDA080", "F08080AF", "F4908080", "F5808080", "80", "C3", "E282"})
    void recognizesNoMalformedUtf8(String hex) {
        byte[] bytes = java.util.HexFormat.of().parseHex("22" + hex + "22");

        assertThat(JsonScan.recognizes(bytes)).isFalse();
    }

    @Test
    void aByteInALongStringMeansTheSameWhereverItStands() throws IOException {
        for (int at = 1; at <= 24; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] bytes = "\"aaaaaaaaaaaaaaaaaaaaaaaa\"".getBytes(StandardCharsets.UTF_8);
                bytes[at] = (byte) value;

                assertThat(JsonScan.recognizes(bytes)).as("%d at %d", value, at).isEqualTo(isJson(bytes));
            }
        }
    }

    @Property(tries = 500)
    void whatItRecognizesIsJson(@ForAll @Size(max = 40) byte[] bytes) throws IOException {
        assertAgrees(bytes);
    }

    @Property(tries = 2_000)
    void itAgreesWithAParserAboutWhatLooksLikeJson(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int count = random.nextInt(9); count >= 0; count--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }

        assertThat(assertAgrees(text.toString().getBytes(StandardCharsets.UTF_8)))
                .as("%s", text)
                .isEqualTo(isJson(text.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static boolean assertAgrees(byte[] bytes) throws IOException {
        boolean isRecognized = JsonScan.recognizes(bytes);
        if (isRecognized) {
            assertThat(isJson(bytes))
                    .as(() -> new String(bytes, StandardCharsets.UTF_8))
                    .isTrue();
        }
        return isRecognized;
    }

    private static boolean isJson(byte[] bytes) throws IOException {
        try {
            return !JSON.readTree(bytes).isMissingNode();
        } catch (com.fasterxml.jackson.core.JsonProcessingException malformed) {
            return false;
        }
    }
}
