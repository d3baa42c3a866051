package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sends a command to an aggregate. */
@Command(
        description = "Sends a command to an aggregate, and shows what became of it.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A value k=v is JSON where it reads as JSON (quantity=2, paid=true, items=[1,2]), else text;",
            "it is text as well where the command's schema wants a string (order=9).",
            "Sent again with the same --id it is not decided again: the answer is the one of the first time.",
            "Exit codes: 0 accepted, nothing to do, duplicate; 4 rejected, conflict, id reused; 2 invalid; 6 try again; 7 expired.",
            "",
            "Example:",
            "  sluice command ReserveStock stock-s1 order=o1 quantity=2 --id o1/reserve",
            "  sluice command ReserveStock stock-s1 --data @reserve.json --expect 5"
        })
final class CommandCommand extends ServerCommand {
    @Parameters(index = "0", paramLabel = "TYPE", description = "The command's type.")
    private String type = "";

    @Parameters(index = "1", paramLabel = "STREAM", description = "The aggregate's stream.")
    private String stream = "";

    @Parameters(
            index = "2..*",
            arity = "0..*",
            paramLabel = "k=v|@FILE|-",
            description = "The data: members, a file, or standard input.")
    private List<String> members = new ArrayList<>();

    @Mixin
    private GivenJson given = new GivenJson();

    @Option(names = "--id", paramLabel = "ID", description = "The command id (default: a new one).")
    private @Nullable String id;

    @Mixin
    private ExpectOption expect = new ExpectOption();

    CommandCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() throws Exception {
        var headers = new LinkedHashMap<>(expect.headers());
        headers.put("Idempotency-Key", id == null ? UUID.randomUUID().toString() : id);
        var data = given.read(cli, members, new Texts());
        var body = new LinkedHashMap<String, @Nullable Object>();
        body.put("stream", stream);
        body.put("data", data == null ? Map.of() : data);
        var answer = remote().send(
                        "POST",
                        Remote.path("v1", "commands", type),
                        headers,
                        Remote.Body.of("application/json", Json.write(body)))
                .json();
        output.one(terminal(), answer, () -> terminal().line(sentence(answer)));
        return 0;
    }

    /** The members of the command that its schema wants to be text, so that orderId=9 is one; asked for once, and only if it matters. */
    private final class Texts implements Predicate<String> {
        private @Nullable Map<String, @Nullable Object> properties;

        @Override
        public boolean test(String member) {
            if (properties == null) {
                properties = remote().list("/v1/commands", "commands").stream()
                        .filter(command -> type.equals(command.get("type")))
                        .map(command ->
                                Json.object(Json.object(command.get("schema")).get("properties")))
                        .findFirst()
                        .orElse(Map.of());
            }
            return "string".equals(Json.object(properties.get(member)).get("type"));
        }
    }

    private static String sentence(Map<String, @Nullable Object> answer) {
        var original = answer.get("original");
        return Json.text(answer.get("outcome")) + (original == null ? "" : " of " + Json.text(original)) + "  "
                + Json.text(answer.get("stream")) + "/" + Json.text(answer.get("version"));
    }

    /** Lists the types of commands. */
    @Command(
            description = "Lists the types of commands that are registered; with -o json their schemas too.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice commands ls"})
    static final class Ls extends ServerCommand {
        private static final List<Output.Column> COLUMNS =
                List.of(Output.Column.of("type"), Output.Column.of("category"));

        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            output.list(terminal(), remote().list("/v1/commands", "commands"), COLUMNS);
            return 0;
        }
    }
}
