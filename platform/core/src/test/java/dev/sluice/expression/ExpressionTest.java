package dev.sluice.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
    private static final String DATA = """
            {"total":100.5,"n":7,"neg":-3,"name":"Ann","ok":true,"no":false,"nil":null,"when":"2023-11-14T23:13:20+01:00",
             "a":{"b":{"c":5},"x":1},"items":[1,{"total":9}],"order-id":"o-1","big":12345678901234567890.5,
             "tiny":1e-9,"exp":1.5e3}""";

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "data.total > 100             ¦ true",
                "data.total > 100.50          ¦ false",
                "data.total >= 100.50         ¦ true",
                "data.n == 7.0                ¦ true",
                "data.n != 7                  ¦ false",
                "1 + 2 * 3                    ¦ 7",
                "(1 + 2) * 3                  ¦ 9",
                "10 - 2 - 3                   ¦ 5",
                "0.1 + 0.2                    ¦ 0.3",
                "1 / 3                        ¦ 0.3333333333333333333333333333333333",
                "2 / 3                        ¦ 0.6666666666666666666666666666666667",
                "7 / 2                        ¦ 3.5",
                "100 / 4                      ¦ 25",
                "7 % 3                        ¦ 1",
                "-7 % 3                       ¦ -1",
                "7.5 % 2                      ¦ 1.5",
                "-data.neg                    ¦ 3",
                "--3                          ¦ 3",
                "9223372036854775807 + 1      ¦ 9223372036854775808",
                "9223372036854775807 * 9223372036854775807 ¦ 8.5070591730234615847396907784232501249e37",
                "data.big + 0.5               ¦ 12345678901234567891",
                "data.tiny                    ¦ 0.000000001",
                "data.exp                     ¦ 1500",
                "1.50                         ¦ 1.5",
                "100                          ¦ 100",
                "1e20                         ¦ 100000000000000000000",
                "1e21                         ¦ 1e21",
                "-1.5e21                      ¦ -1.5e21",
                ".5                           ¦ 0.5",
                "data.name == 'Ann'           ¦ true",
                "data.name < \"Bob\"          ¦ true",
                "data.name == \"\\u0041nn\"   ¦ true",
                "data['order-id']             ¦ o-1",
                "data.a.b.c                   ¦ 5",
                "data.a['x']                  ¦ 1",
                "data.a.b == null             ¦ false",
                "data.items != null           ¦ true",
                "data.nil == null             ¦ true",
                "data.missing == null         ¦ true",
                "data.missing.deeper == null  ¦ true",
                "data.name.deeper == null     ¦ true",
                "data.missing > 1             ¦ false",
                "data.missing <= 1            ¦ false",
                "null < null                  ¦ false",
                "data.missing == 1            ¦ false",
                "data.missing != 1            ¦ true",
                "data.missing + 1             ¦ null",
                "-data.missing                ¦ null",
                "data.ok && !data.no          ¦ true",
                "data.no || data.ok           ¦ true",
                "data.missing || data.ok      ¦ true",
                "!data.missing                ¦ true",
                "data.no && data.name         ¦ false",
                "data.ok || data.name         ¦ true",
                "false < true                 ¦ true",
                "id == 'e-1' && type == 'OrderPlaced' && stream == 'order-8812' && source == '/shop' ¦ true",
                "category                     ¦ order",
                "version                      ¦ 3",
                "time                         ¦ 2023-11-14T22:13:20Z",
                "recordedTime                 ¦ 2023-11-14T22:13:20.500Z",
                "time < recordedTime          ¦ true",
                "time >= '2023-11-14'         ¦ true",
                "time > '2023-11-14T22:13:20Z' ¦ false",
                "data.when == time            ¦ true",
                "time == data.when            ¦ true",
                "meta.subject                 ¦ s-1",
                "meta.tries + 1               ¦ 4",
                "meta.express                 ¦ true",
                "meta['subject'] == null      ¦ false",
                "meta.missing == null         ¦ true",
                "1 < 2 == true                ¦ true",
                "1 // the rest is a comment   ¦ 1",
            })
    void evaluates(String text, String expected) {
        assertThat(String.valueOf(evaluate(text, DATA))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "data.name > 1        ¦ 1:11 ¦ a string > a number",
                "data.name + 1        ¦ 1:11 ¦ a string beside +",
                "data.items > 1       ¦ 1:12 ¦ an array",
                "data.a == 1          ¦ 1:8  ¦ an object",
                "data.ok + 1          ¦ 1:9  ¦ a boolean beside +",
                "data.n && true       ¦ 1:1  ¦ a number",
                "1 / (data.n - 7)     ¦ 1:3  ¦ division by 0",
                "1 % (data.n - 7)     ¦ 1:3  ¦ remainder of 0",
                "time > data.name     ¦ 1:6  ¦ a time > a string",
            })
    void failsWhereTypesDoNotGoTogether(String text, String place, String message) {
        var failure = catchThrowableOfType(Failure.class, () -> evaluate(text, DATA));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.EVALUATION_FAILED);
        assertThat(failure.getMessage()).startsWith(place + ": ").contains(message);
        assertThat(failure.details()).containsKeys("line", "col");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "`            `        ¦ 1  ¦ the end",
                "data.total >          ¦ 13 ¦ the end",
                "data.total = 1        ¦ 12 ¦ expected '=='",
                "data.a & data.b       ¦ 8  ¦ expected '&&'",
                "data.a | data.b       ¦ 8  ¦ expected '||'",
                "(1                    ¦ 3  ¦ expected ')'",
                "1)                    ¦ 2  ¦ expected an operator or the end",
                "1 2                   ¦ 3  ¦ expected an operator or the end",
                "'open                 ¦ 1  ¦ a string without an end",
                "'\\q'                 ¦ 2  ¦ unknown escape",
                "1x                    ¦ 2  ¦ behind a number",
                "1e                    ¦ 3  ¦ exponent",
                "total > 1             ¦ 1  ¦ data.total",
                "type.x                ¦ 1  ¦ has no fields",
                "meta.a.b              ¦ 1  ¦ attributes have no fields",
                "1 + 'a'               ¦ 5  ¦ expected a number",
                "1 == 'a'              ¦ 3  ¦ a number == a string",
                "1 && true             ¦ 1  ¦ expected a boolean",
                "!1                    ¦ 2  ¦ expected a boolean",
                "-'a'                  ¦ 2  ¦ expected a number",
                "time > 'tomorrow'     ¦ 8  ¦ expected a time",
                "has(data.x)           ¦ 1  ¦ function has(), which is not supported",
                "data.x.startsWith('a') ¦ 8 ¦ function startsWith(), which is not supported",
                "data.x in [1]         ¦ 8  ¦ 'in', which is not supported",
                "true ? 1 : 2          ¦ 6  ¦ '?', which is not supported",
                "data.items[0]         ¦ 12 ¦ an index that is not a field's name",
                "[1]                   ¦ 1  ¦ a list, which is not supported",
                "{}                    ¦ 1  ¦ a map, which is not supported",
                "#                     ¦ 1  ¦ found '#'",
                "data.                 ¦ 6  ¦ expected the name of a field",
            })
    void refusesWhatIsNoExpression(String text, int col, String message) {
        var failure = catchThrowableOfType(Failure.class, () -> evaluate(text.strip(), DATA));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.FILTER_INVALID);
        assertThat(failure.getMessage()).contains(message);
        assertThat(failure.details()).containsEntry("line", 1).containsEntry("col", col);
    }

    @Test
    void showsThePlace() {
        var failure =
                catchThrowableOfType(Failure.class, () -> Filters.events("data.total > 100\n  && data.name = 'Ann'"));

        assertThat(failure.getMessage())
                .isEqualTo("2:16: found '=', expected '=='\n    && data.name = 'Ann'\n" + " ".repeat(17) + "^");
        assertThat(failure.details()).containsEntry("line", 2).containsEntry("col", 16);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "'a'", "data.total + 1", "time", "version"})
    void aFilterIsACondition(String text) {
        var failure = catchThrowableOfType(Failure.class, () -> Filters.events(text));

        assertThat(failure.getMessage()).contains("expected a boolean");
    }

    @Test
    void limitsAreKept() {
        var deep = "(".repeat(65) + "1" + ")".repeat(65);
        var nots = "!".repeat(65) + "true";
        var wide = "1" + "+1".repeat(1000);
        var longText = "1" + " ".repeat(8 << 10);

        for (String text : new String[] {deep, nots, wide, longText}) {
            var failure = catchThrowableOfType(Failure.class, () -> Expression.parse(text));
            assertThat(failure.kind()).isEqualTo(Failure.Kind.FILTER_INVALID);
        }
        assertThat(evaluate("1" + "+1".repeat(499), "{}")).isEqualTo(Decimal.of(500));
    }

    @Test
    void numbersHaveLimits() {
        var failure = catchThrowableOfType(Failure.class, () -> evaluate("data.x + 1", "{\"x\":1e999999999}"));
        var product = catchThrowableOfType(Failure.class, () -> evaluate("data.x * data.x", "{\"x\":1e600}"));

        assertThat(failure.getMessage()).contains("a number of more than 1000 digits");
        assertThat(product.getMessage()).startsWith("1:8: ").contains("more than 1000 digits");
        assertThat(evaluate("data.x == null", "{\"x\":1e-999999999}")).isEqualTo(false);
        assertThat(evaluate("data.x == 0", "{\"x\":0e999999999}")).isEqualTo(true);
    }

    @Test
    void dataThatIsNoObjectHasNoFields() {
        assertThat(evaluate("data.x == null", "[1,2]")).isEqualTo(true);
        assertThat(evaluate("data + 1", "41")).isEqualTo(Decimal.of(42));
        assertThat(evaluate("data == null", "")).isEqualTo(true);
    }

    @Test
    void aFieldNamedTwiceCountsOnceWhateverElseIsRead() {
        var twice = "{\"a\":null,\"a\":1,\"a\":2,\"b\":{\"c\":1},\"b\":{\"c\":2,\"d\":3},\"z\":9}";

        assertThat(evaluate("data.a", twice)).isEqualTo(Decimal.of(1));
        assertThat(evaluate("data.a + data.z * 100", twice)).isEqualTo(Decimal.of(901));
        assertThat(evaluate("data.b.c + data.z * 100", twice)).isEqualTo(Decimal.of(901));
        assertThat(evaluate("data.b.d == null && data.z == 9", twice)).isEqualTo(true);
    }

    @Test
    void brokenDataFailsEveryTimeItIsAsked() {
        var slots = new EventSlots();
        var evaluator = slots.compile(Expression.parse("data.a"));
        var facts = new EventFacts(slots).of(TestEvent.withData("{\"b\":"));

        for (int i = 0; i < 2; i++) {
            var failure = catchThrowableOfType(Failure.class, () -> evaluator.evaluate(facts));
            assertThat(failure.kind()).isEqualTo(Failure.Kind.EVALUATION_FAILED);
            assertThat(failure.getMessage()).contains("0:17").contains("expected JSON");
        }
    }

    @Test
    void filtersRows() {
        Map<String, Object> row = Map.of("gross", new java.math.BigDecimal("112.50"), "orders", 3L, "last", "o-9");

        assertThat(Filters.rows("gross > 100 && orders == 3 && key == 'cust-1'")
                        .test(column -> column.equals("key") ? "cust-1" : row.get(column)))
                .isTrue();
        assertThat(Filters.rows("nothing > 1").test(row::get)).isFalse();
        assertThat(catchThrowableOfType(Failure.class, () -> Filters.rows("gross.x > 1"))
                        .getMessage())
                .contains("columns have no fields");
    }

    @Test
    void readsCalls() {
        assertThat(Expression.parseCall("count()").argument()).isNull();
        assertThat(Expression.parseCall(" sum ( -data.x ) ").name()).isEqualTo("sum");
        assertThat(catchThrowableOfType(Failure.class, () -> Expression.parseCall("sum(1, 2)"))
                        .getMessage())
                .contains("expected ')'");
        assertThat(catchThrowableOfType(Failure.class, () -> Expression.parseCall("data.x"))
                        .getMessage())
                .contains("expected '('");
    }

    private static @Nullable Object evaluate(String text, String data) {
        var slots = new EventSlots();
        var evaluator = slots.compile(Expression.parse(text));
        return evaluator.evaluate(new EventFacts(slots).of(TestEvent.withData(data)));
    }
}
