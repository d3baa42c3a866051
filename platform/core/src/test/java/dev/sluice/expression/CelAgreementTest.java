package dev.sluice.expression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.NullValue;
import dev.cel.common.CelOptions;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our expressions beside those of CEL's own implementation for Java: the same where meanings agree, and each difference we mean. */
class CelAgreementTest {
    private static final String DATA = """
            {"n":7,"neg":-3,"half":2.5,"s":"amber","e":"","ok":true,"no":false,"nil":null,"l":[3,1,2],"w":["a","amber","b"],
             "o":{"a":1,"b":{"c":"x"}},"items":[{"sku":"a","qty":2},{"sku":"b","qty":0},{"sku":"c","qty":5}],"none":[],
             "mixed":[1,"a",true,null]}""";

    private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder()
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .setOptions(CelOptions.current()
                    .enableHeterogeneousNumericComparisons(true)
                    .build())
            .addVar("data", SimpleType.DYN)
            .build();
    private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder()
            .setOptions(CelOptions.current()
                    .enableHeterogeneousNumericComparisons(true)
                    .build())
            .build();

    @Property(tries = 3000)
    void meansTheSameAsCel(@ForAll long seed) throws Exception {
        String text = new ExpressionGenerator(seed).condition();

        assertThat(ours(text)).as(text).isEqualTo(cel(text));
    }

    /** Each difference that {@code docs/expressions.md} lists; {@code !} for an error, {@code refused} for one at once. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "1 / 2                                  ¦ 0.5     ¦ 0",
                "0.1 + 0.2 == 0.3                       ¦ true    ¦ false",
                "9223372036854775807 + 1                ¦ 9223372036854775808 ¦ !",
                "data.n + 0.5                           ¦ 7.5     ¦ !",
                "data.half % 2.0                        ¦ 0.5     ¦ refused",
                "data.missing == null                   ¦ true    ¦ !",
                "data.missing.deeper == null            ¦ true    ¦ !",
                "data.nil + 1                           ¦ null    ¦ !",
                "data.nil < 1                           ¦ false   ¦ !",
                "!data.nil                              ¦ true    ¦ !",
                "data.nil ? 1 : 2                       ¦ 2       ¦ !",
                "has(data.nil)                          ¦ false   ¦ true",
                "data.nil.exists(x, x)                  ¦ null    ¦ !",
                "data.l[9] == null                      ¦ true    ¦ !",
                "data.s > 1 || true                     ¦ !       ¦ true",
                "data.s == 1                            ¦ !       ¦ false",
                "data.l == [3, 1, 2]                    ¦ refused ¦ true",
                "data.s.matches(data.s)                 ¦ refused ¦ true",
                "{'a': 1}.size()                        ¦ refused ¦ 1",
                "0x10                                   ¦ refused ¦ 16",
                "r'a'                                   ¦ refused ¦ a",
                "1u                                     ¦ refused ¦ 1",
                "data.l.exists_one(x, x == 1)           ¦ refused ¦ true",
                "int(data.half)                         ¦ refused ¦ 2",
                "'AB'.lower()                           ¦ ab      ¦ refused",
            })
    void differsFromCelOnPurpose(String text, String expected, String celExpected) throws Exception {
        assertThat(outcome(() -> ours(text))).as("ours").isEqualTo(expected);
        assertThat(outcome(() -> cel(text))).as("CEL's").isEqualTo(celExpected);
    }

    private interface Evaluated {
        @Nullable
        Object value() throws Exception;
    }

    private static String outcome(Evaluated evaluated) {
        try {
            return String.valueOf(evaluated.value());
        } catch (dev.sluice.log.Failure failure) {
            return failure.kind() == dev.sluice.log.Failure.Kind.FILTER_INVALID ? "refused" : "!";
        } catch (dev.cel.common.CelValidationException invalid) {
            return "refused";
        } catch (Exception failed) {
            return "!";
        }
    }

    private static @Nullable Object ours(String text) {
        var slots = new EventSlots();
        var evaluator = slots.compile(Expression.parse(text));
        return plain(evaluator.evaluate(new EventFacts(slots).of(TestEvent.withData(DATA))));
    }

    private static @Nullable Object cel(String text) throws Exception {
        var program = RUNTIME.createProgram(COMPILER.compile(text).getAst());
        var data = celValue(new ObjectMapper().readTree(DATA));
        return plain(program.eval(Map.of("data", data)));
    }

    private static Object celValue(JsonNode json) {
        if (json.isObject()) {
            var map = new LinkedHashMap<String, Object>();
            json.properties().forEach(field -> map.put(field.getKey(), celValue(field.getValue())));
            return map;
        }
        if (json.isArray()) {
            var list = new ArrayList<>();
            json.forEach(element -> list.add(celValue(element)));
            return list;
        }
        if (json.isTextual()) {
            return json.textValue();
        }
        if (json.isBoolean()) {
            return json.booleanValue();
        }
        return json.isNull() ? NullValue.NULL_VALUE : json.isInt() ? (Object) json.longValue() : json.doubleValue();
    }

    /** Numbers of both as canonical decimals. */
    private static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof Number number) {
            return Decimal.of(new BigDecimal(number.toString())).toString();
        }
        if (value instanceof Decimal number) {
            return number.toString();
        }
        return value instanceof List<?> list
                ? list.stream().map(CelAgreementTest::plain).toList()
                : value;
    }
}
