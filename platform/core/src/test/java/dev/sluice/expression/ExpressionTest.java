package dev.sluice.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
                "data.ok ? 'yes' : 'no'       ¦ yes",
                "data.missing ? 1 : 2         ¦ 2",
                "data.no ? 1 : data.ok ? 2 : 3 ¦ 2",
                "data.n in [1, 7]             ¦ true",
                "data.n in [1, 'x']           ¦ false",
                "'x' in data.a                ¦ true",
                "data.name in data.a          ¦ false",
                "1 in data.items              ¦ true",
                "1 in data.missing            ¦ false",
                "null in [1, null]            ¦ true",
                "data.items[0]                ¦ 1",
                "data.items[1].total          ¦ 9",
                "data.items[data.n - 6].total ¦ 9",
                "data.items[2] == null        ¦ true",
                "data.items[-1] == null       ¦ true",
                "data.items[0].total == null  ¦ true",
                "data.a['b'].c                ¦ 5",
                "data.a['x' + '']             ¦ 1",
                "has(data.a.b) && !has(data.a.z) && !has(data.nil) ¦ true",
                "[1, 2, 3].exists(x, x > 2)   ¦ true",
                "[1, 2, 3].all(x, x > 2)      ¦ false",
                "[].all(x, x)                 ¦ true",
                "[].exists(x, x)              ¦ false",
                "[1, 2, 3].filter(x, x != 2).size() ¦ 2",
                "[1, 2, 3].map(x, x * x)[2]   ¦ 9",
                "[1, 2].exists(x, [2, 3].exists(y, x == y)) ¦ true",
                "[[1, 2], [3]].map(x, x.size())[0] ¦ 2",
                "[1].map(data, data + 1)[0]   ¦ 2",
                "data.items.exists(i, i.total == 9) ¦ true",
                "data.a.exists(name, name == 'x') ¦ true",
                "data.missing.exists(x, x)    ¦ null",
                "!data.missing.exists(x, x)   ¦ true",
                "(data.ok ? data.items : data.a).size() ¦ 2",
                "data.name.startsWith('A') && data.name.endsWith('n') && data.name.contains('nn') ¦ true",
                "data.missing.startsWith('A') ¦ null",
                "data.name.matches('^A.n$')   ¦ true",
                "matches(data.name, 'nn')     ¦ true",
                "data.name.lower() + data.name.upper() ¦ annANN",
                "size(data.name)              ¦ 3",
                "'a😀'.size()                 ¦ 2",
                "size(data.items) + data.a.size() ¦ 4",
                "data.name + data.missing     ¦ null",
                "abs(data.neg)                ¦ 3",
                "floor(-1.5) + ceil(1.5)      ¦ 0",
                "round(2.5)                   ¦ 3",
                "round(-2.5)                  ¦ -3",
                "round(data.total / 3, 2)     ¦ 33.5",
                "abs(data.missing)            ¦ null",
                "time + duration('1h30m')     ¦ 2023-11-14T23:43:20Z",
                "duration('1m') + time        ¦ 2023-11-14T22:14:20Z",
                "time - duration('500ms')     ¦ 2023-11-14T22:13:19.500Z",
                "recordedTime - time == duration('0.5s') ¦ true",
                "time - recordedTime < duration('-499ms') ¦ true",
                "duration('1h') - duration('30m') == duration('1800s') ¦ true",
                "timestamp('2026-01-31')      ¦ 2026-01-31T00:00:00Z",
                "timestamp(data.when) == time ¦ true",
                "timestamp(1.5)               ¦ 1970-01-01T00:00:01.500Z",
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
                "data.name + 1        ¦ 1:11 ¦ a string + a number",
                "data.items > 1       ¦ 1:12 ¦ a list",
                "data.a == 1          ¦ 1:8  ¦ an object",
                "data.ok + 1          ¦ 1:9  ¦ a boolean + a number",
                "data.name - data.name ¦ 1:11 ¦ a string - a string",
                "-data.name           ¦ 1:1  ¦ a string behind -",
                "data.n && true       ¦ 1:1  ¦ a number",
                "1 / (data.n - 7)     ¦ 1:3  ¦ division by 0",
                "1 % (data.n - 7)     ¦ 1:3  ¦ remainder of 0",
                "time > data.name     ¦ 1:6  ¦ a time > a string",
                "data.items[0.5]      ¦ 1:12 ¦ 0.5 as an index",
                "data.items['a' + data.name] ¦ 1:12 ¦ a list with a string as its index",
                "data.name[0]         ¦ 1:11 ¦ a string with a number",
                "1 in data.name       ¦ 1:3  ¦ a string behind in",
                "data.n.startsWith('a') ¦ 1:1 ¦ a number, expected a string",
                "abs(data.name)       ¦ 1:5  ¦ a string, expected a number",
                "size(data.n)         ¦ 1:6  ¦ a number, expected a string, a list or an object",
                "data.n.exists(x, x)  ¦ 1:8  ¦ a number, expected a list or an object",
                "data.items.filter(x, x) ¦ 1:22 ¦ a number, expected true or false",
                "timestamp(data.name) ¦ 1:11 ¦ expected a time such as",
                "duration(data.n)     ¦ 1:10 ¦ expected a duration such as",
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
                "1 + 'a'               ¦ 3  ¦ a number + a string",
                "1 == 'a'              ¦ 3  ¦ a number == a string",
                "1 && true             ¦ 1  ¦ expected a boolean",
                "!1                    ¦ 2  ¦ expected a boolean",
                "-'a'                  ¦ 2  ¦ expected a number",
                "time > 'tomorrow'     ¦ 8  ¦ expected a time",
                "has(1)                ¦ 1  ¦ has() of something else",
                "has(type)             ¦ 1  ¦ has() of something else",
                "data.x.startsWith()   ¦ 8  ¦ expected text.startsWith(start)",
                "startsWith(data.x, 'a') ¦ 1 ¦ expected text.startsWith(start)",
                "data.x.trim()         ¦ 8  ¦ function trim(), expected one of abs, ceil",
                "data.x in 1           ¦ 11 ¦ a number behind in",
                "true ? 1              ¦ 9  ¦ expected ':'",
                "1 ? 1 : 2             ¦ 1  ¦ expected a boolean",
                "[1                    ¦ 3  ¦ expected ','",
                "[1] == [1]            ¦ 5  ¦ a list == a list",
                "'a'.b                 ¦ 5  ¦ a field of a string",
                "data.x.exists(1, true) ¦ 15 ¦ expected a name for the element",
                "data.x.exists(e, e    ¦ 19 ¦ expected ')'",
                "[1].exists(x, 1)      ¦ 15 ¦ expected a boolean",
                "data.x.matches(data.y) ¦ 16 ¦ a computed pattern",
                "data.x.matches('(')   ¦ 16 ¦ regular expression of RE2",
                "data.x.matches('(a)\\\\1') ¦ 16 ¦ regular expression of RE2",
                "round(1.5, -1)        ¦ 12 ¦ a whole number from 0 to 100",
                "timestamp('noon')     ¦ 11 ¦ expected a time",
                "duration('1 hour')    ¦ 10 ¦ expected a duration",
                "duration('')          ¦ 10 ¦ expected a duration",
                "time + 1              ¦ 6  ¦ a time + a number",
                "time + time           ¦ 6  ¦ a time + a time",
                "{}                    ¦ 1  ¦ no literals of maps",
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data.l.exists(a, data.l.exists(b, data.l.exists(c, a + b + c < 0)))",
                "data.l.map(a, data.l.map(b, data.l)).size() > 0 && data.l.all(a, data.l.all(b, data.l.all(c, a in data.l)))",
                "data.l.map(x, data.s + data.s).size() > 0",
                "data.l.map(x, data.s.upper()).size() > 0",
                "data.l.all(x, data.s.contains(data.s + 'y') == false)",
                "data.l.all(x, data.s.size() > 0)",
                "data.l.all(x, data.s == data.s)",
                "data.l.all(x, data.s <= data.s)",
                "data.l.all(x, data.l.all(y, data.c in [data.s, data.c]))",
                "data.c.matches('(x{0,40}){0,40}y')",
                "data.l.all(x, data.l.all(y, -1 in data.l == false))",
            })
    void anEvaluationThatTakesTooLongEnds(String text) {
        var numbers = IntStream.range(0, 2_000).mapToObj(String::valueOf).collect(Collectors.joining(",", "[", "]"));
        var data = "{\"l\":" + numbers + ",\"s\":\"" + "x".repeat(100_000) + "\",\"c\":\"" + "x".repeat(60_000) + "\"}";

        var failure = catchThrowableOfType(Failure.class, () -> evaluate(text, data));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.EVALUATION_FAILED);
        assertThat(failure.getMessage()).contains("more than 1000000 steps");
    }

    @Test
    void aFilterOfAClientMayTakeATenthOfThat() {
        var filter = Filters.rows("key.matches('x{0,20}') || key.matches('x{0,20}y')");

        var failure = catchThrowableOfType(Failure.class, () -> filter.test(column -> "x".repeat(60_000) + "-"));

        assertThat(failure.getMessage()).contains("more than 100000 steps");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data.s.matches('((a{1,1000}){1,1000}){1,1000}')",
                "data.s.matches('(?:[ab]{0,99}[^]x]){99}')",
                "data.s.matches('(((a|b{2}){9,}|\\\\Q((\\\\E){9}){99,}')",
                "data.s.matches('a{1000}a{1000}a{1000}') || data.s.matches('b{1000}b{1000}')",
            })
    void aPatternThatIsLargeWithItsRepetitionsWrittenOutIsRefused(String text) {
        var failure = catchThrowableOfType(Failure.class, () -> evaluate(text, "{}"));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.FILTER_INVALID);
        assertThat(failure.getMessage()).contains("at most 4000 states");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "(a|b)*c+d?",
                "a{3}",
                "a{2,}",
                "a{0,7}b",
                "(ab{3}){2,4}",
                "((a{9}){9}){9}",
                "[^]a]{3}",
                "[[:alpha:]x]{2}x",
                "\\Q((\\E{5}",
                "\\pL{4}\\p{Greek}{2}",
                "x{,3}",
                "{a}{2}",
                "(?i)(?P<n>ab){12}",
                "(a{5}|b{6}){7}|c",
            })
    void thePatternsThatAreTakenHaveNoMoreStatesThanWasThought(String pattern) {
        int states = com.google.re2j.Pattern.compile(pattern).programSize();

        assertThat(PatternStates.atMost(pattern) + 4).isGreaterThanOrEqualTo(states);
    }

    @Test
    void whatCouldTakeLongIsLinear() {
        var data = "{\"a\":\"" + "a".repeat(500_000) + "\",\"b\":\"" + "a".repeat(250_000) + "b\",\"c\":\""
                + "a".repeat(60_000) + "\"}";

        assertThat(evaluate("data.a.contains(data.b)", data)).isEqualTo(false);
        assertThat(evaluate("data.c.matches('(a+)+(a+)+b')", data)).isEqualTo(false);
        assertThat(catchThrowableOfType(Failure.class, () -> evaluate("data.a.matches('a')", data))
                        .getMessage())
                .contains("at most 65536 to match");
        assertThat(catchThrowableOfType(Failure.class, () -> evaluate("'a'.matches('" + "a".repeat(1001) + "')", data))
                        .getMessage())
                .contains("a pattern of 1001 characters");
    }

    @Test
    void aValueDeeplyWithinItselfIsRefused() {
        var deep = "{\"a\":" + "[".repeat(300) + "]".repeat(300) + "}";

        assertThat(evaluate("data.a != null", deep)).isEqualTo(true);
        assertThat(catchThrowableOfType(Failure.class, () -> evaluate("data.a.size()", deep))
                        .getMessage())
                .contains("more than 200 levels");
    }

    @Test
    void aPathAndWhatIsBelowItAreReadTogether() {
        var data = "{\"o\":{\"p\":{\"q\":1},\"z\":null,\"p\":2},\"n\":3}";

        assertThat(evaluate("data.o.p.q + data.o.size() + data.n", data)).isEqualTo(Decimal.of(5));
        assertThat(evaluate("data.o.p.q + data.o.map(k, 1).size()", data)).isEqualTo(Decimal.of(2));
    }

    @Test
    void longPartsAreFound() {
        var random = new Random(7);
        for (int i = 0; i < 2_000; i++) {
            var text = letters(random, 200);
            var part = random.nextBoolean()
                    ? letters(random, 33 + random.nextInt(4))
                    : text.substring(random.nextInt(150));

            assertThat(Texts.contains(text, part)).as(text + " " + part).isEqualTo(text.contains(part));
        }
    }

    private static String letters(Random random, int count) {
        return random.ints(count, 0, 40)
                .mapToObj(letter -> letter == 0 ? "b" : "a")
                .collect(Collectors.joining());
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
        assertThat(Expression.parseCall("count()").arguments()).isEmpty();
        assertThat(Expression.parseCall(" sum ( -data.x ) ").name()).isEqualTo("sum");
        assertThat(Expression.parseCall("list(data.x, 10)").arguments().get(1).literalIndex())
                .isEqualTo(10);
        assertThat(Expression.parseCall("list(data.x, -1)").arguments().get(1).literalIndex())
                .isEqualTo(-1);
        assertThat(catchThrowableOfType(Failure.class, () -> Expression.parseCall("sum(1, 2"))
                        .getMessage())
                .contains("expected ','");
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
