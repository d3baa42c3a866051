package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Folds given events with a definition and compares the rows with those expected. */
@Command(
        description = "Folds given events with a definition, nothing being applied, and compares the rows.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "The file: a definition, then after --- one document for each of its tests, then the next definition:",
            "  test: two orders of one customer",
            "  given:",
            "    - { stream: order-1, type: OrderPlaced, data: { customer: ann, total: 10 } }",
            "  expect: { ann: { orders: 1, gross: 10 } }",
            "An event that becomes a dead letter fails its test, unless the test names it: deadLetters: [ 1 ],",
            "counted from 0 in the order of given.",
            "",
            "Example:",
            "  sluice projections test customer-orders.test.yaml"
        })
final class ProjectionsTestCommand extends ServerCommand {
    private static final Set<String> KEYS = Set.of("test", "given", "expect", "deadLetters");

    @Parameters(paramLabel = "FILE", description = "The file; - reads standard input.")
    private String file = "";

    @Option(names = "--name", paramLabel = "PROJECTION", description = "Only the tests of this one of the file.")
    private String name = "";

    ProjectionsTestCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() {
        var remote = remote();
        var results = new ArrayList<Map<String, @Nullable Object>>();
        for (var tested : Documents.read(cli, file).tests(name)) {
            for (String document : tested.tests()) {
                results.add(run(remote, tested, parsed(document), results.size() + 1));
            }
        }
        if (output.format(terminal()) == Output.Format.TABLE) {
            results.forEach(this::show);
        } else {
            output.list(terminal(), results, List.of());
        }
        return results.stream().allMatch(result -> Boolean.TRUE.equals(result.get("passed"))) ? 0 : 1;
    }

    private Map<String, @Nullable Object> parsed(String document) {
        Object read;
        try {
            var settings = LoadSettings.builder()
                    .setLabel(file)
                    .setTagConstructors(
                            Map.of(Tag.INT, ProjectionsTestCommand::number, Tag.FLOAT, ProjectionsTestCommand::number))
                    .build();
            read = new Load(settings).loadFromString(document);
        } catch (YamlEngineException malformed) {
            throw Failure.of(Failure.Kind.DEFINITION_INVALID, file + ": found no YAML: " + malformed.getMessage());
        }
        var test = Json.object(named(read));
        boolean isTest = test.get("given") instanceof List<?>
                && test.getOrDefault("expect", Map.of()) instanceof Map<?, ?>
                && test.getOrDefault("deadLetters", List.of()) instanceof List<?>
                && KEYS.containsAll(test.keySet());
        if (!isTest) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found a document with " + (test.isEmpty() ? "no keys" : String.join(", ", test.keySet()))
                            + ", expected test, given (a list of events), expect (rows by their keys) and deadLetters (numbers of events)");
        }
        return test;
    }

    /** Numbers stay exact. */
    private static Object number(@Nullable Node node) {
        String written = node instanceof ScalarNode scalar ? scalar.getValue() : "";
        try {
            return new BigDecimal(written);
        } catch (NumberFormatException notInJson) {
            return written;
        }
    }

    /** With the keys of maps as text, as JSON has them. */
    private static @Nullable Object named(@Nullable Object read) {
        if (read instanceof List<?> list) {
            return list.stream().map(ProjectionsTestCommand::named).collect(Collectors.toCollection(ArrayList::new));
        }
        if (read instanceof Map<?, ?> map) {
            var named = new LinkedHashMap<String, @Nullable Object>();
            map.forEach((key, value) -> named.put(Json.text(key), named(value)));
            return named;
        }
        return read;
    }

    private Map<String, @Nullable Object> run(
            Remote remote, Documents.Tested tested, Map<String, @Nullable Object> test, int number) {
        var body = new LinkedHashMap<String, @Nullable Object>();
        body.put("definition", tested.definition());
        var events = new ArrayList<Map<String, @Nullable Object>>();
        for (var given : Json.objects(test.get("given"))) {
            var event = new LinkedHashMap<String, @Nullable Object>();
            event.put("specversion", "1.0");
            event.put("id", "given-" + (events.size() + 1));
            event.put("source", "urn:sluice:test");
            event.putAll(given);
            events.add(event);
        }
        body.put("events", events);
        body.put("rows", test.getOrDefault("expect", Map.of()));
        var answer = remote.send(
                        "POST", "/v1/projections/test", Map.of(), Remote.Body.of("application/json", Json.write(body)))
                .json();
        var result = new LinkedHashMap<String, @Nullable Object>();
        result.put("projection", tested.projection());
        result.put("test", test.getOrDefault("test", "test " + number));
        var letters = letters(answer, test);
        result.put("passed", Json.list(answer.get("differences")).isEmpty() && letters.isEmpty());
        result.putAll(answer);
        result.put("unexpected", letters);
        return result;
    }

    /** What differs in the dead letters, in words. */
    private static List<String> letters(Map<String, @Nullable Object> answer, Map<String, @Nullable Object> test) {
        var expected = Json.list(test.get("deadLetters")).stream()
                .map(Json::text)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        var differences = new ArrayList<String>();
        for (var letter : Json.objects(answer.get("deadLetters"))) {
            String event = Json.text(letter.get("event"));
            if (!expected.remove(event)) {
                differences.add(
                        "event " + event + ": found a dead letter, expected none: " + Json.text(letter.get("detail")));
            }
        }
        expected.forEach(event -> differences.add("event " + event + ": found no dead letter, expected one"));
        return differences;
    }

    private void show(Map<String, @Nullable Object> result) {
        var differences = Json.objects(result.get("differences"));
        var terminal = terminal();
        terminal.line((Boolean.TRUE.equals(result.get("passed"))
                        ? terminal.styled(Terminal.Style.GREEN, "ok    ")
                        : terminal.styled(Terminal.Style.RED, "failed"))
                + "  " + Json.text(result.get("test")));
        for (var difference : differences) {
            String column = Json.text(difference.get("column"));
            terminal.line("        " + Json.text(difference.get("key")) + (column.isEmpty() ? "" : " · " + column)
                    + ": found " + shown(difference.get("found")) + ", expected "
                    + shown(difference.get("expected")));
        }
        Json.list(result.get("unexpected")).forEach(letter -> terminal.line("        " + Json.text(letter)));
    }

    private static String shown(@Nullable Object value) {
        return value == null ? "none" : Json.write(value);
    }
}
