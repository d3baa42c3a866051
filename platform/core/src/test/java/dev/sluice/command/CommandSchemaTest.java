package dev.sluice.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class CommandSchemaTest {
    private static final String GOOD = """
            {"id":"o1","at":"2026-01-02T03:04:05Z","priority":"HIGH","lines":[{"sku/a":"s1","quantity":2}],"limits":{"x":1.50}}""";

    enum Priority {
        LOW,
        HIGH
    }

    record Line(String sku, int quantity) {
        Line {
            if (quantity > 1_000) {
                throw new IllegalArgumentException("found quantity " + quantity + ", expected at most 1000");
            }
        }
    }

    record Place(
            String id,
            Instant at,
            Priority priority,
            List<Line> lines,
            Map<String, BigDecimal> limits,
            Optional<String> voucher,
            @Nullable String note,
            @Nullable Integer age) {}

    record Itself(List<Itself> inner) {}

    private final CommandType<Place> place = new CommandType<>("Place", Place.class, null);

    @Test
    void isDerivedFromTheRecord() {
        var schema = place.schema();

        assertThat(schema.getJsonArray("required")).isEqualTo(JsonArray.of("id", "at", "priority", "lines", "limits"));
        assertThat(schema.getJsonObject("properties").getJsonObject("at"))
                .isEqualTo(JsonObject.of("type", "string", "format", "date-time"));
        assertThat(schema.getJsonObject("properties").getJsonObject("note").getJsonArray("type"))
                .isEqualTo(JsonArray.of("string", "null"));
        assertThat(schema.getBoolean("additionalProperties")).isFalse();
    }

    @Test
    void readsWhatFits() {
        var command = place.read(bytes(GOOD.replace("sku/a", "sku")));

        assertThat(command.at()).isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(command.lines()).containsExactly(new Line("s1", 2));
        assertThat(command.limits()).containsEntry("x", new BigDecimal("1.50"));
        assertThat(command.voucher()).isEmpty();
        assertThat(command.age()).isNull();
    }

    @Test
    void listsAllThatIsWrong() {
        var failure = refusal("""
                {"id":5,"at":"yesterday","priority":"SOME","lines":[{"sku/a":"s1","quantity":2.5},7],"limits":{"x":"1"},"more":true}""");

        assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(violations(failure))
                .containsExactlyInAnyOrder(
                        "/id found 5 expected string",
                        "/at found \"yesterday\" expected a text of format date-time",
                        "/priority found \"SOME\" expected one of LOW, HIGH",
                        "/lines/0/sku found nothing expected a value",
                        "/lines/0/sku~1a found a property that is not known expected one of sku, quantity",
                        "/lines/0/quantity found 2.5 expected integer",
                        "/lines/1 found 7 expected object",
                        "/limits/x found \"1\" expected number",
                        "/more found a property that is not known expected one of id, at, priority, lines, limits,"
                                + " voucher, note, age");
    }

    @Test
    void listsAllThatIsMissing() {
        assertThat(violations(refusal("{}")))
                .containsExactlyInAnyOrder(
                        "/id found nothing expected a value",
                        "/at found nothing expected a value",
                        "/priority found nothing expected a value",
                        "/lines found nothing expected a value",
                        "/limits found nothing expected a value");
    }

    @Test
    void takesWhatTheRecordItselfRefusesForAViolation() {
        var failure = refusal(GOOD.replace("sku/a", "sku").replace(":2}", ":2000}"));

        assertThat(violations(failure))
                .containsExactly("/lines/0 found another value expected found quantity 2000, expected at most 1000");
    }

    @Test
    void refusesWhatIsNoJsonAndWhatSaysSomethingTwice() {
        assertThat(refusal("{\"id\":").kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(refusal("").kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(refusal("null").kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(refusal("[]").kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(refusal("{} {}").kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(refusal("{\"id\":\"a\",\"id\":\"b\"}").kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
        assertThat(refusal("[".repeat(100_000)).kind()).isEqualTo(Failure.Kind.INVALID_COMMAND);
    }

    @Test
    void listsManyViolationsWithoutBeingOverwhelmed() {
        var properties = new StringBuilder("{");
        IntStream.range(0, 5_000)
                .forEach(i -> properties.append("\"p").append(i).append("\":1,"));

        var failure = refusal(properties.append("\"id\":1}").toString());

        assertThat(violations(failure)).hasSize(1_000);
    }

    @Test
    @Timeout(10)
    void refusesNumbersThatTakeMinutesToCheck() {
        var failure = refusal(GOOD.replace("sku/a", "sku")
                .replace(":2}", ":1e2000000}")
                .replace("\"x\":1.50", "\"x~\":[1,-1e-999999999]"));

        assertThat(violations(failure))
                .containsExactlyInAnyOrder(
                        "/lines/0/quantity found 1E+2000000 expected an exponent of at most 1000",
                        "/limits/x~0/1 found -1E-999999999 expected an exponent of at most 1000");
    }

    @Test
    void mayBeGivenAsText() {
        var given = new CommandType<>("Line", Line.class, """
                {"type":"object","properties":{"sku":{"$ref":"#/$defs/sku"},"quantity":{"type":"integer","minimum":1}},
                 "required":["sku"],"$defs":{"sku":{"type":"string","pattern":"^s"}}}""");

        var failure = catchThrowableOfType(Failure.class, () -> given.read(bytes("{\"sku\":\"t\",\"quantity\":0}")));

        assertThat(violations(failure))
                .containsExactlyInAnyOrder(
                        "/sku found \"t\" expected a text that matches ^s", "/quantity found 0 expected at least 1");
        assertThat(given.read(bytes("{\"sku\":\"s\",\"quantity\":1}"))).isEqualTo(new Line("s", 1));
    }

    @Test
    void isNotDerivedFromWhatHasNone() {
        assertThatThrownBy(() -> new CommandType<Object>("S", String.class, null))
                .isInstanceOf(Failure.class);
        assertThatThrownBy(() -> new CommandType<>("I", Itself.class, null)).isInstanceOf(Failure.class);
        assertThatThrownBy(() -> new CommandType<>("L", Line.class, "no JSON")).isInstanceOf(Failure.class);
    }

    private Failure refusal(String json) {
        return catchThrowableOfType(Failure.class, () -> place.read(bytes(json)));
    }

    private static List<String> violations(Failure failure) {
        return ((List<?>) failure.details().get("violations"))
                .stream()
                        .map(each -> (Map<?, ?>) each)
                        .map(each -> each.get("pointer") + " found " + each.get("found") + " expected "
                                + each.get("expected"))
                        .toList();
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
