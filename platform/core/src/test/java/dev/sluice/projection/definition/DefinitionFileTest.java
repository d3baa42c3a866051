package dev.sluice.projection.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DefinitionFileTest {
    private static final String EACH = "fold:\n  T:\n    each: %s\n    n: sum(i.q)\n";
    private static final String HEAD = "projection: p\nfrom: { category: order }\n";
    private static final String FOLD = "fold: { T: { n: count() } }\n";

    @Test
    void readsSeveralDocumentsEachWithItsText() {
        var text =
                "# two\n" + HEAD + FOLD + "---\nprojection: 😀q\n".replace("😀", "") + "from: all\n" + FOLD + "---\n";

        var written = DefinitionFile.read(text, "two.yaml");

        assertThat(written).extracting(each -> each.definition().name()).containsExactly("p", "q");
        for (var each : written) {
            var again = DefinitionFile.read(each.text(), "again.yaml");
            assertThat(again).extracting(DefinitionFile.Written::definition).containsExactly(each.definition());
        }
    }

    @Test
    void readsElementsAndDerivedColumns() {
        var definition = DefinitionFile.read(
                        HEAD + EACH.formatted("data.a.filter(as, as > 1) as i") + "derive: { m: n * 2, o: m > n }\n",
                        "e.yaml")
                .get(0)
                .definition();

        assertThat(definition.clauses().get(0).each().list()).hasToString("data.a.filter(as, as > 1)");
        assertThat(definition.clauses().get(0).each().variable()).isEqualTo("i");
        assertThat(definition.derived()).extracting(Definition.Derived::name).containsExactly("m", "o");
    }

    @Test
    void readsJson() {
        var written = DefinitionFile.read(
                "{\"projection\":\"p\",\"from\":{\"types\":[\"A\",\"B\"]},\"key\":[\"data.a\",\"type\"],"
                        + "\"where\":\"data.x > 1\",\"fold\":{\"A\":{\"key\":\"data.b\",\"n\":\"count()\",\"m\":\"avg(-data.x)\"}}}",
                "p.json");

        var definition = written.get(0).definition();
        assertThat(definition.from().names()).containsExactly("A", "B");
        assertThat(definition.key().isComposite()).isTrue();
        assertThat(definition.where()).hasToString("data.x > 1");
        assertThat(definition.columns())
                .containsExactly(
                        new Definition.Aggregated("n", Aggregate.COUNT, 0),
                        new Definition.Aggregated("m", Aggregate.AVG, 0));
        assertThat(definition.clauses().get(0).key().parts()).hasSize(1);
    }

    @Test
    void wordsThatOlderYamlBendsArePlain() {
        var definition = DefinitionFile.read("projection: no\nfrom: { categories: [ on, 1:30 ] }\n" + FOLD, "no.yaml")
                .get(0)
                .definition();

        assertThat(definition.name()).isEqualTo("no");
        assertThat(definition.from().names()).isEqualTo(List.of("on", "1:30"));
    }

    @Test
    void layoutAndCommentsDoNotMakeADefinitionAnother() {
        var one = DefinitionFile.read(HEAD + FOLD, "1").get(0).definition();
        var other = DefinitionFile.read(
                        "fold:\n  T:\n    # how many\n    n: count()\nfrom:\n  category: order\nprojection: 'p'\n", "2")
                .get(0)
                .definition();

        assertThat(one).isEqualTo(other);
        assertThat(one)
                .isNotEqualTo(DefinitionFile.read(HEAD + "where: data.x\n" + FOLD, "3")
                        .get(0)
                        .definition());
    }

    @ParameterizedTest
    @MethodSource
    void refusesWithLineKeyAndWhatWasExpected(String text, int line, String key, String message) {
        var failure = catchThrowableOfType(Failure.class, () -> DefinitionFile.read(text, "p.yaml"));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.DEFINITION_INVALID);
        assertThat(failure.getMessage()).startsWith("p.yaml:" + line + ":").contains(message);
        assertThat(failure.details()).containsEntry("line", line).containsEntry("key", key);
    }

    static Stream<Arguments> refusesWithLineKeyAndWhatWasExpected() {
        return Stream.of(
                Arguments.of("", 1, "", "found nothing, expected a map with the key projection"),
                Arguments.of("a: [", 1, "", "found no YAML"),
                Arguments.of("a:\n  " + "[".repeat(5000), 2, "", "found more than 32 levels"),
                Arguments.of("- ".repeat(5000) + "x", 1, "", "found more than 32 levels"),
                Arguments.of("{a: ".repeat(5000) + "1" + "}".repeat(5000), 1, "", "found more than 32 levels"),
                Arguments.of("- a", 1, "", "found a list, expected a map"),
                Arguments.of("text", 1, "", "found 'text', expected a map"),
                Arguments.of(HEAD + "fold:\n", 3, "fold", "found nothing, expected a map"),
                Arguments.of(HEAD + "fold: { '': { n: count() } }\n", 3, "fold", "an event type without a name"),
                Arguments.of(HEAD + FOLD + "index: []\n", 4, "index", "found a list of 0, expected a list of 1 to 10"),
                Arguments.of(
                        "projection: p\nfrom: { all: false }\n" + FOLD, 2, "from.all", "found 'false', expected true"),
                Arguments.of(HEAD, 1, "fold", "found nothing, expected a map of event types"),
                Arguments.of("from: all\n" + FOLD, 1, "projection", "expected the projection's name"),
                Arguments.of("projection: a b\nfrom: all\n" + FOLD, 1, "projection", "found 'a b'"),
                Arguments.of(
                        HEAD + FOLD + "colour: red\n",
                        4,
                        "colour",
                        "an unknown key, expected alert, carry, derive, fold"),
                Arguments.of(HEAD + FOLD + "window: 1d\n", 4, "window", "expected a map"),
                Arguments.of(HEAD + FOLD + "window: { tumbling: 7h }\n", 4, "window.tumbling", "divides a day"),
                Arguments.of(HEAD + FOLD + "window: { tumbling: 0h }\n", 4, "window.tumbling", "found '0h'"),
                Arguments.of(HEAD + FOLD + "window: { tumbling: 1h, zone: Mars }\n", 4, "window.zone", "Europe/Berlin"),
                Arguments.of(HEAD + FOLD + "window: { tumbling: 1h }\n", 1, "key", "names window.start"),
                Arguments.of(HEAD + "window: { tumbling: 1h }\nkey: data.a\n" + FOLD, 4, "key", "without the window"),
                Arguments.of(HEAD + "window: { tumbling: 1h }\nkey: window.begin\n" + FOLD, 4, "key", "start, end"),
                Arguments.of(
                        HEAD + "retain: 1d\nwindow: { tumbling: 1h }\nkey: window.start\n" + FOLD,
                        3,
                        "retain",
                        "window.retain"),
                Arguments.of(HEAD + FOLD + "retain: soon\n", 4, "retain", "found 'soon'"),
                Arguments.of(HEAD + "carry: { c: Placed }\n" + FOLD, 3, "carry.c", "OrderPlaced.customerId"),
                Arguments.of(HEAD + "carry: { c: T.x }\nkey: carry.d\n" + FOLD, 4, "key", "one of its fields: c"),
                Arguments.of(HEAD + "key: carry.c\n" + FOLD, 3, "key", "found 'carry'"),
                Arguments.of(HEAD + "fold:\n  T: { delete: false }\n", 4, "fold.T.delete", "expected true"),
                Arguments.of(
                        HEAD + "fold:\n  T: { delete: true, n: count() }\n", 4, "fold.T.delete", "only key and each"),
                Arguments.of(HEAD + FOLD + "index: n\n", 4, "index", "expected a list"),
                Arguments.of(HEAD + FOLD + "index: [ m ]\n", 4, "index", "desc or not: n"),
                Arguments.of(HEAD + FOLD + "index: [ n up ]\n", 4, "index", "found 'n up'"),
                Arguments.of(HEAD + FOLD + "index: [ n, n ]\n", 4, "index", "a second time"),
                Arguments.of(HEAD + "fold:\n  T: { s: set(id) }\nindex: [ s ]\n", 5, "index", "a column of lists"),
                Arguments.of(HEAD + FOLD + "alert: { when: n > 1, emit: A }\n", 4, "alert.stream", "stock-${key}"),
                Arguments.of(
                        HEAD + FOLD + "alert: { when: n > 1, emit: T, stream: a }\n", 4, "alert.emit", "feed itself"),
                Arguments.of(
                        HEAD + FOLD + "alert: { when: n > 1, emit: A, stream: 'a-${x}' }\n",
                        4,
                        "alert.stream",
                        "found 'x'"),
                Arguments.of(
                        HEAD + FOLD + "alert: { when: n > 1, emit: A, stream: 'a-${key' }\n",
                        4,
                        "alert.stream",
                        "expected a }"),
                Arguments.of(
                        HEAD + FOLD + "alert: { when: n > 1, emit: \"A\\u0001\", stream: a }\n",
                        4,
                        "alert.emit",
                        "found a control character"),
                Arguments.of(
                        HEAD + FOLD + "where: !!java.util.Date data.x\n", 4, "", "4:8: found the tag !!java.util.Date"),
                Arguments.of(HEAD + FOLD + "derive: !a { m: n }\n", 4, "", "4:9: found the tag !a, expected none"),
                Arguments.of(HEAD + FOLD + FOLD, 4, "fold", "a second time"),
                Arguments.of(HEAD + FOLD + "---\n" + HEAD + FOLD, 5, "projection", "'p' a second time"),
                Arguments.of("projection: p\nfrom: {}\n" + FOLD, 2, "from", "found 0 keys, expected one of"),
                Arguments.of("projection: p\nfrom: order\n" + FOLD, 2, "from", "expected a map"),
                Arguments.of("projection: p\nfrom: { tags: [a] }\n" + FOLD, 2, "from.tags", "tags such as customer:77"),
                Arguments.of("projection: p\nfrom: { types: T }\n" + FOLD, 2, "from.types", "expected a list of names"),
                Arguments.of("projection: p\nfrom: { stream: $dlq.x }\n" + FOLD, 2, "from.stream", "platform's own"),
                Arguments.of(HEAD + "key: data.\n" + FOLD, 3, "key", "1:6: found the end"),
                Arguments.of(HEAD + "key: []\n" + FOLD, 3, "key", "a list of 0"),
                Arguments.of(HEAD + "where: 1 + 1\n" + FOLD, 3, "where", "expected a boolean"),
                Arguments.of(HEAD + "fold: {}\n", 3, "fold", "found 0 event types"),
                Arguments.of(HEAD + "fold: { T: {} }\n", 3, "fold", "no column"),
                Arguments.of(
                        HEAD + "fold:\n  T:\n    n: total(1)\n", 5, "fold.T.n", "found 'total(1)', expected count"),
                Arguments.of(
                        HEAD + "fold:\n  T:\n    n: sum()\n", 5, "fold.T.n", "0 expressions in sum(), expected one"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: list(id)\n", 5, "fold.T.n", "list(data.id, 10)"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: list(id, 0)\n", 5, "fold.T.n", "expected 1 to 1000"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: list(id, version)\n", 5, "fold.T.n", "expected 1 to 1000"),
                Arguments.of(
                        HEAD + "fold:\n  T: { n: 'list(id, 2)' }\n  U: { n: 'list(id, 3)' }\n",
                        5,
                        "fold.U.n",
                        "found list() of 3, expected list() of 2"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: count(data.x)\n", 5, "fold.T.n", "expected none"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: sum('a')\n", 5, "fold.T.n", "1:5: found a string"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: data.x\n", 5, "fold.T.n", "found 'data.x', expected count"),
                Arguments.of(
                        HEAD + "fold:\n  T:\n    where: has(data.x)\n    n: count()\n",
                        5,
                        "fold.T.where",
                        "'where' is not a key of a clause (key, each, delete) but a column"),
                Arguments.of(HEAD + "fold:\n  T:\n    n: null\n", 5, "fold.T.n", "expected text"),
                Arguments.of(HEAD + "fold:\n  T:\n    each: data.items as i\n", 4, "fold", "no column"),
                Arguments.of(HEAD + EACH.formatted("data.items"), 5, "fold.T.each", "expected a list and a name"),
                Arguments.of(HEAD + EACH.formatted("data.items as in"), 5, "fold.T.each", "expected a list and a name"),
                Arguments.of(HEAD + EACH.formatted("data.x > as i"), 5, "fold.T.each", "1:9: found the end"),
                Arguments.of(HEAD + EACH.formatted("data.items as j"), 6, "fold.T.n", "1:5: found 'i'"),
                Arguments.of(HEAD + FOLD + "derive: { n: 1 }\n", 4, "derive.n", "fold has already"),
                Arguments.of(HEAD + FOLD + "derive: { a: m + 1 }\n", 4, "derive.a", "1:1: found 'm', expected key, n"),
                Arguments.of(HEAD + FOLD + "derive: { a: b, b: n }\n", 4, "derive.a", "found 'b'"),
                Arguments.of(HEAD + FOLD + "derive: { a: n.x }\n", 4, "derive.a", "columns have no fields"),
                Arguments.of(HEAD + FOLD + "derive: { key: n }\n", 4, "derive.key", "the word 'key'"),
                Arguments.of(HEAD + "fold:\n  T:\n    n-1: count()\n", 5, "fold.T.n-1", "found column 'n-1'"),
                Arguments.of(
                        HEAD + "fold:\n  T: { n: count() }\n  U: { n: sum(1) }\n",
                        5,
                        "fold.U.n",
                        "found sum(), expected count()"));
    }
}
