package dev.sluice.saga.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.saga.Fulfilment;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import dev.sluice.testing.SagaFuzz;
import dev.sluice.testing.SagaScenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SagaFileTest {
    private static final Path SAMPLE = Path.of("../../config/samples/sagas/order-fulfilment.yaml");
    private static final String SMALL = """
            saga: small
            version: 1
            start: { event: Began, key: =data.id }
            steps:
              - name: a
                send: DoA
                to: bus:a
                with: { text: ==literal, n: 1.10, of: =state.id, list: [ =state.id, 2 ] }
                undo: { send: UndoA, to: bus:a }
              - { name: b, kind: pivot, send: DoB, to: ="b-" + state.id }
            """;

    /** The one of the documentation. */
    private static String sample() throws IOException {
        String page = Files.readString(Path.of("../docs/sagas.md"));
        int from = page.indexOf("```yaml\n") + "```yaml\n".length();
        return page.substring(from, page.indexOf("```", from));
    }

    private static SagaFile.Written read(String text) {
        return SagaFile.read(text, "f.yaml").get(0);
    }

    @Test
    void theSampleIsTheSameAsInJavaButForItsExpressions() throws IOException {
        var yaml = read(sample()).definition().structure();

        assertThat(withoutExpressions(yaml).canonical())
                .isEqualTo(Fulfilment.FULFILMENT.definition().structure().canonical());
        assertThat(withoutExpressions(yaml).hash())
                .isEqualTo(Fulfilment.FULFILMENT.definition().hash());
    }

    private static Structure withoutExpressions(Structure of) {
        return new Structure(
                of.name(),
                of.version(),
                of.start(),
                of.cancels(),
                of.within(),
                of.restart(),
                of.stuckAfter(),
                of.holdEarly(),
                of.maxRunning(),
                of.stages(),
                of.publishesCompleted(),
                of.publishesCompensated(),
                Map.of());
    }

    @Test
    void theScenariosOfTheSamplesHold() throws IOException {
        for (String text : List.of(sample(), Files.readString(SAMPLE))) {
            var written = read(text);
            assertThat(written.scenarios()).hasSize(3);
            for (var scenario : written.scenarios()) {
                assertThat(scenario.problem(written.definition()))
                        .as(scenario.name())
                        .isNull();
            }
        }
    }

    @Test
    void aScenarioThatDoesNotHoldSaysWhereAndWhatItFound() throws IOException {
        var written = read(sample().replace(
                        "undoes: ReserveStock, reply: {} }\n      - { publishes: OrderRejected, with",
                        "publishes: OrderRejected, with"));

        assertThat(written.scenarios().get(0).problem(written.definition()))
                .startsWith("f.yaml:")
                .contains("found COMPENSATING and it undoes with ReleaseStock")
                .contains("expected publishes OrderRejected");
    }

    @Test
    void holdsTheInvariants() throws IOException {
        SagaFuzz.of(read(sample()).definition())
                .event(new Fulfilment.OrderPlaced("o1", "s1", 2, 500))
                .event(new Fulfilment.OrderCancelled("o1"))
                .reply("reserve-stock", new Fulfilment.StockReserved("r1"))
                .reply("charge-payment", new Fulfilment.Charged("p1"))
                .reply("ship", new Fulfilment.Shipped("t1"))
                .run(new Random().nextLong(), 50);
    }

    @Test
    void valuesAreLiteralUnlessTheyBeginWithAnEqualsSign() throws IOException {
        SagaScenario.of(definition(SMALL))
                .given("Began", Map.of("id", "x"))
                .expectSend("a", new ObjectMapper().readTree("""
                        { "text": "=literal", "n": 1.1, "of": "x", "list": [ "x", 2 ] }"""))
                .to("bus:a")
                .reply("Anything", Map.of())
                .expectSend("b")
                .to("b-x")
                .expectStatus(Status.RUNNING);
    }

    private static SagaDefinition definition(String text) {
        return read(text).definition();
    }

    @Test
    void anExpressionThatLeadsToAnotherKindOfParticipantParks() {
        SagaScenario.of(definition(SMALL.replace("to: bus:a\n    with", "to: =state.id\n    with")))
                .given("Began", Map.of("id", "bus:other"))
                .expectParked(ParkReason.POISON);
    }

    @Test
    void anUndoThatCannotBeMadeWaitsForAnOperator() {
        var definition = definition(SMALL.replace("to: bus:a }", "to: =state.id }"));
        SagaScenario.of(definition)
                .given("Began", Map.of("id", "bus:other"))
                .expectSend("a")
                .reply("Anything", Map.of())
                .expectSend("b")
                .reject("Nope")
                .expectParked(ParkReason.POISON)
                .operator(Verb.RETRY)
                .expectParked(ParkReason.POISON)
                .operator(Verb.SKIP)
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void literalsAndExpressionsArePartOfTheHash() {
        assertThat(definition(SMALL.replace("n: 1.10", "n: 1.2")).hash())
                .isNotEqualTo(definition(SMALL).hash());
        assertThat(definition(SMALL.replace("of: =state.id", "of: =state.no")).hash())
                .isNotEqualTo(definition(SMALL).hash());
        assertThat(definition(SMALL + "# a comment\n").hash())
                .isEqualTo(definition(SMALL).hash());
    }

    @Test
    void howManyGoAtOnceIsPartOfTheStructure() {
        var limited = definition(SMALL + "maxRunning: 3\n");

        assertThat(limited.structure().maxRunning()).isEqualTo(3);
        assertThat(limited.hash()).isNotEqualTo(definition(SMALL).hash());
        assertThatThrownBy(() -> read(SMALL + "maxRunning: 0\n"))
                .hasMessageContaining("maxRunning: found '0', expected a whole number from 1 on");
    }

    @Test
    void waitsSleepsAndRunsBesideEachOther() {
        var text = """
                saga: waits
                version: 2
                start: { event: Began, key: =data.id }
                steps:
                  - parallel:
                      - { name: a, send: DoA, to: bus:a, readOnly: true }
                      - { name: pause, sleep: 1m }
                  - { name: paid, await: { event: Paid, key: =data.id, timeout: 1h, data: { by: =data.by, at: =time } } }
                completed: { publish: Done, with: =state }
                scenarios:
                  - given: { Began: { id: x } }
                    then:
                      - { given: { Paid: { id: x, by: ann } } }
                      - { sends: a, fails: lost }
                      - { advance: 1s }
                      - { sends: a, deferred: 2s }
                      - { advance: 10s }
                      - { on: a, reply: {} }
                      - { advance: 1m }
                      - { publishes: Done, with: { id: x, by: ann, at: 2026-01-01T00:00:00Z } }
                      - { status: completed }
                """;
        var written = read(text.replace("{ on: a, reply", "{ sends: a, reply"));

        assertThat(written.scenarios().get(0).problem(written.definition())).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            version: 1          | version: 0            | f.yaml:2:10: version: found '0', expected a whole number
            kind: pivot         | kind: turn            | f.yaml:10:22: steps[1].kind: found 'turn', expected compensatable
            send: DoA           | sends: DoA            | f.yaml:6:5: steps[0].sends: found an unknown key
            of: =state.id       | of: =stat.id          | steps[0].with.of: at 1:1: found 'stat', expected state
            name: a             | name: A               | f.yaml:5:11: steps[0].name: found 'A', expected small letters
            name: b             | name: a               | f.yaml:10:13: steps[1].name: found 'a' a second time
            kind: pivot,        | ``                    | f.yaml:10:5: steps[1].undo: found no undo
            key: =data.id       | ``                    | f.yaml:3:8: start.key: found nothing, expected the key
            key: =data.id       | key: =state.id        | start.key: at 1:1: found 'state', expected data
            """)
    void saysWhereItIsWrong(String right, String wrong, String problem) {
        assertThatThrownBy(() -> read(SMALL.replace(right, wrong))).hasMessageContaining(problem);
    }
}
