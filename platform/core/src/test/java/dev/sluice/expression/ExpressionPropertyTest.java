package dev.sluice.expression;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

class ExpressionPropertyTest {
    private static final String DATA = "{\"a\":1.5,\"s\":\"x\",\"t\":true,\"o\":{\"p\":-2},\"l\":[1]}";

    @Property(tries = 3000)
    void neverAnythingButAFailure(@ForAll("texts") String text) {
        try {
            var slots = new EventSlots();
            var evaluator = slots.compile(Expression.parse(text));
            evaluator.evaluate(new EventFacts(slots).of(TestEvent.withData(DATA)));
        } catch (Failure expected) {
            assertThat(expected.details()).containsKeys("line", "col");
        }
    }

    @Property(tries = 2000)
    void agreesWithBigDecimal(@ForAll("numbers") BigDecimal a, @ForAll("numbers") BigDecimal b) {
        var x = Decimal.of(a);
        var y = Decimal.of(b);

        assertThat(x.plus(y).toBigDecimal()).isEqualByComparingTo(a.add(b));
        assertThat(x.minus(y).toBigDecimal()).isEqualByComparingTo(a.subtract(b));
        assertThat(x.times(y).toBigDecimal()).isEqualByComparingTo(a.multiply(b));
        assertThat(Integer.signum(x.compareTo(y))).isEqualTo(Integer.signum(a.compareTo(b)));
        assertThat(x.equals(y)).isEqualTo(a.compareTo(b) == 0);
        assertThat(x.negated().toBigDecimal()).isEqualByComparingTo(a.negate());
        if (b.signum() != 0) {
            var exact = a.divide(b, new MathContext(34, RoundingMode.HALF_EVEN));
            assertThat(x.dividedBy(y).toBigDecimal()).isEqualByComparingTo(exact);
            assertThat(x.remainder(y).toBigDecimal()).isEqualByComparingTo(a.remainder(b));
        }
    }

    @Property(tries = 2000)
    void theCanonicalTextIsTheNumber(@ForAll("numbers") BigDecimal number) {
        String text = Decimal.of(number).toString();

        assertThat(new BigDecimal(text)).isEqualByComparingTo(number);
        assertThat(text).doesNotMatch(".*\\.\\d*0").doesNotEndWith(".");
        assertThat(text.contains("e")).isEqualTo(number.abs().compareTo(BigDecimal.TEN.pow(21)) >= 0);
        assertThat(Decimal.parse(text.toCharArray(), 0, text.length())).isEqualTo(Decimal.of(number));
        assertThat(Decimal.of(number.setScale(Math.max(number.scale(), 0) + 3)).toString())
                .isEqualTo(text);
        assertThat(Decimal.of(number.setScale(Math.max(number.scale(), 0) + 3))).hasSameHashCodeAs(Decimal.of(number));
    }

    @Property
    void textIsOrderedByItsBytes(@ForAll("strings") String a, @ForAll("strings") String b) {
        int byBytes = Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

        assertThat(Integer.signum(Values.compareText(a, b))).isEqualTo(Integer.signum(byBytes));
    }

    @Provide
    Arbitrary<String> texts() {
        var parts = Arbitraries.of(
                "data",
                ".",
                "a",
                "data.a",
                "data.s",
                "data.o.p",
                "data.l",
                "type",
                "time",
                "meta.x",
                "(",
                ")",
                "&&",
                "||",
                "!",
                "==",
                "!=",
                "<",
                ">=",
                "+",
                "-",
                "*",
                "/",
                "%",
                "1",
                "2.5",
                "1e900",
                "'x'",
                "\"",
                "'2024-01-01'",
                "null",
                "true",
                "in",
                "?",
                ":",
                ",",
                "exists",
                ".map(",
                ".filter(x,",
                ".all(x,",
                "x",
                "size(",
                "has(",
                ".matches('a+b')",
                ".startsWith(",
                "round(",
                "timestamp(",
                "duration('1h')",
                "[0]",
                "[",
                "]",
                " ",
                "\n",
                "\\",
                "é",
                "\ud800",
                "\u0000",
                "//");
        return parts.list().ofMaxSize(12).map(list -> String.join(" ", list));
    }

    @Provide
    Arbitrary<BigDecimal> numbers() {
        var small = Arbitraries.longs().between(-1000, 1000);
        var unscaled = Arbitraries.oneOf(
                small.map(BigDecimal::valueOf),
                Arbitraries.longs().map(BigDecimal::valueOf),
                Arbitraries.of(Long.MIN_VALUE, Long.MAX_VALUE, 999_999_999_999_999_999L)
                        .map(BigDecimal::valueOf),
                Arbitraries.bigIntegers()
                        .between(
                                BigDecimal.TEN.pow(40).negate().toBigInteger(),
                                BigDecimal.TEN.pow(40).toBigInteger())
                        .map(BigDecimal::new));
        return unscaled.flatMap(
                digits -> Arbitraries.integers().between(-5, 30).map(places -> shifted(digits, places)));
    }

    private static BigDecimal shifted(BigDecimal digits, int places) {
        return digits.movePointLeft(places);
    }

    @Provide
    Arbitrary<@Nullable String> strings() {
        return Arbitraries.strings()
                .withChars('a', 'b', 'é', '\uffff', '\ue000')
                .ofMaxLength(3)
                .flatMap(text -> Arbitraries.of(text, text + "😀", "😀" + text));
    }
}
