package dev.sluice.expression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldScanTest {
    private static final List<String> WANTED = List.of("a", "ab", "cents");
    private static final String[] NAMES = {"a", "ab", "abc", "cents", "x", "\\u0061", "é", ""};
    private static final String[] SCALARS = {
        "0",
        "-0",
        "7",
        "-12",
        "1.50",
        "-0.001",
        "1e3",
        "2E-2",
        "123456789012345678",
        "1234567890123456789",
        "0.123456789012345678",
        "true",
        "false",
        "null",
        "\"\"",
        "\"plain\"",
        "\"q\\\"x\"",
        "\"\\u00e9\"",
        "\"é😀\"",
        "\"}],:\"",
        "\"\\\\\""
    };

    private static String json(Random random, int depth) {
        int kind = random.nextInt(depth == 0 ? 6 : 9);
        if (kind < 6) {
            return SCALARS[random.nextInt(SCALARS.length)];
        }
        return kind == 8
                ? "["
                        + String.join(
                                ",",
                                IntStream.range(0, random.nextInt(3))
                                        .mapToObj(i -> json(random, depth - 1))
                                        .toList())
                        + "]"
                : object(random, depth - 1);
    }

    private static String object(Random random, int depth) {
        String[] space = {"", "", "", " ", "\n\t", "\r"};
        return "{"
                + String.join(
                        ",",
                        IntStream.range(0, random.nextInt(7))
                                .mapToObj(i -> space[random.nextInt(6)] + "\"" + NAMES[random.nextInt(NAMES.length)]
                                        + "\"" + space[random.nextInt(6)] + ":" + space[random.nextInt(6)]
                                        + json(random, depth) + space[random.nextInt(6)])
                                .toList())
                + "}";
    }

    @Property(tries = 5_000)
    void takesWhatAParserGives(@ForAll long seed) throws IOException {
        String text = object(new Random(seed), 3);

        var taken = taken(text);

        if (taken != null) {
            assertThat(taken).as(text).isEqualTo(parsed(text));
        }
    }

    @Property(tries = 2_000)
    void takesNothingElseFromWhatIsCutOff(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        String text = object(random, 2);
        String cut = text.substring(0, random.nextInt(text.length()));

        var taken = taken(cut);

        if (taken != null) {
            assertThat(taken).as(cut).isEqualTo(parsed(text));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":\"x\",\"ab\":-1.25,\"cents\":true}",
                " { \"é\" : \"\\\"\" , \"a\" : 1 , \"ab\" : [ {\"a\":2}, \"]\" ] }",
                "{}",
                "{\"a\":null,\"a\":3,\"a\":4}",
                "{\"a\":1,\"ab\":2,\"cents\":3,\"more\":tru"
            })
    void takesFieldsWithoutAParser(String text) {
        if (text.contains("é")) {
            assertThat(taken(text)).as("a name beyond ASCII is for a parser").isNull();
        } else {
            assertThat(taken(text)).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "1",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":1,",
                "{\"a\":1,}",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":.5}",
                "{\"a\":-}",
                "{\"a\":1 \"b\":2}",
                "{\"a\":tru}",
                "{\"a\":\"x}",
                "{a:1}",
                "{\"x\":[1}",
                "{\0\"\0a\0"
            })
    void leavesWhatItDoesNotKnowToAParser(String text) {
        assertThat(taken(text)).isNull();
    }

    /** The values of the wanted fields, null when it gave up. */
    private static List<Object> taken(String text) {
        var slots = new EventSlots();
        WANTED.forEach(name -> slots.compile(Expression.parse("data." + name)));
        var scan = Objects.requireNonNull(FieldScan.of(slots.root()));
        byte[] bytes = ("junk" + text + "junk").getBytes(StandardCharsets.UTF_8);
        var values = new Object[slots.count()];
        if (!scan.read(bytes, 4, bytes.length - 8, values)) {
            return null;
        }
        var fields = slots.root().children();
        return Arrays.asList(
                WANTED.stream().map(name -> values[fields.get(name).slot()]).toArray());
    }

    private static List<Object> parsed(String text) throws IOException {
        var values = new Object[WANTED.size()];
        try (var parser = new JsonFactory().createParser(text)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                int wanted = WANTED.indexOf(parser.currentName());
                var token = parser.nextToken();
                if (wanted >= 0 && values[wanted] == null) {
                    values[wanted] = switch (token) {
                        case START_OBJECT -> Structure.OBJECT;
                        case START_ARRAY -> Structure.ARRAY;
                        case VALUE_STRING -> parser.getText();
                        case VALUE_TRUE -> true;
                        case VALUE_FALSE -> false;
                        case VALUE_NULL -> null;
                        default -> Decimal.of(parser.getDecimalValue());
                    };
                }
                parser.skipChildren();
            }
        }
        return Arrays.asList(values);
    }
}
