package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Appends one event, many of a kind, or what comes in on standard input. */
@Command(
        description = "Appends events to a stream: one from arguments, or NDJSON of CloudEvents from standard input.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A value k=v is JSON where it reads as JSON (total=129.90, paid=true, items=[1,2]), else text.",
            "With --count, {n} stands for 1, 2, 3 … in the stream and in the data.",
            "",
            "Example:",
            "  sluice append order-1 OrderPlaced customerId=cust-7 total=129.90 --expect none",
            "  sluice append 'order-{n}' OrderPlaced total='{n}' --count 1000 --rate 100",
            "  sluice tail --no-follow --from start -o ndjson | sluice append - --url http://127.0.0.1:9090"
        })
final class AppendCommand extends ServerCommand {
    private static final List<String> GIVEN_BY_THE_LOG = List.of("position", "streamversion", "recordedtime", "cursor");

    private final Terminal terminal;

    @Parameters(
            index = "0",
            paramLabel = "STREAM|-",
            description = "The stream; - reads CloudEvents from standard input.")
    private String stream = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "TYPE", description = "The event's type.")
    private @Nullable String type;

    @Parameters(
            index = "2..*",
            arity = "0..*",
            paramLabel = "k=v|@FILE|-",
            description = "The data: members, a file, or standard input.")
    private List<String> members = new ArrayList<>();

    @Mixin
    private GivenJson given = new GivenJson();

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "The event's id, which is also the append id (default: a new one).")
    private @Nullable String id;

    @Mixin
    private ExpectOption expect = new ExpectOption();

    @Option(names = "--tag", paramLabel = "NAME:VALUE", description = "A tag; may be repeated.")
    private List<String> tags = new ArrayList<>();

    @Option(names = "--correlation", paramLabel = "ID", description = "What the event belongs to.")
    private @Nullable String correlation;

    @Option(names = "--count", paramLabel = "N", description = "Append N such events.")
    private long count = 1;

    @Option(names = "--rate", paramLabel = "R", description = "At most R events a second.")
    private double rate = Double.POSITIVE_INFINITY;

    AppendCommand(Cli cli) {
        super(cli);
        this.terminal = terminal();
    }

    @Override
    public Integer call() throws Exception {
        check();
        var remote = remote();
        if (stream.equals("-")) {
            many(remote, new FromStandardInput(cli));
        } else if (count != 1) {
            many(remote, new Repeated(given.read(cli, members)));
        } else {
            one(remote, given.read(cli, members));
        }
        return 0;
    }

    private void check() {
        if (stream.equals("-") && (type != null || given.hasOption() || id != null)) {
            throw usage(
                    "found 'append -' with a type, data or id, expected all of it in the CloudEvents on standard input");
        }
        if (!stream.equals("-") && type == null) {
            throw usage("found no event type, expected 'append STREAM TYPE …'");
        }
        if (expect.isDemanding() && (stream.equals("-") || count != 1)) {
            throw usage("found --expect with several events, expected it with a single one");
        }
        if (count < 1 || !(rate > 0)) {
            throw usage("found --count " + count + " and --rate " + rate + ", expected numbers above 0");
        }
    }

    private void one(Remote remote, @Nullable Object value) {
        var headers = new LinkedHashMap<String, String>();
        headers.putAll(expect.headers());
        var event = event(value, id == null ? UUID.randomUUID().toString() : id);
        headers.put("Idempotency-Key", Json.text(event.get("id")));
        var answer = remote.send(
                        "POST",
                        Remote.path("v1", "streams", stream),
                        headers,
                        Remote.Body.of("application/cloudevents+json", Json.write(event)))
                .json();
        output.one(
                terminal,
                answer,
                () -> terminal.line(Json.text(answer.get("stream")) + "/" + Json.text(answer.get("lastVersion"))
                        + "  at " + Json.text(answer.get("position"))
                        + (Boolean.TRUE.equals(answer.get("duplicate")) ? "  (was there already)" : "")));
    }

    private void many(Remote remote, Iterator<Map<String, @Nullable Object>> events) throws Exception {
        var result = new BulkAppend(remote, terminal, rate, stream.equals("-") ? -1 : count).run(events);
        output.one(
                terminal,
                result,
                () -> terminal.line("appended " + Json.text(result.get("appended")) + " events in "
                        + Json.text(result.get("seconds")) + " s"));
    }

    private Map<String, @Nullable Object> event(@Nullable Object value, String eventId) {
        var event = new LinkedHashMap<String, @Nullable Object>();
        event.put("specversion", "1.0");
        event.put("id", eventId);
        event.put("source", "/sluice/cli");
        event.put("type", type);
        if (correlation != null) {
            event.put("correlationid", correlation);
        }
        if (!tags.isEmpty()) {
            event.put("tags", String.join(",", tags));
        }
        if (value != null) {
            event.put("datacontenttype", "application/json");
            event.put("data", value);
        }
        return event;
    }

    private static Failure usage(String message) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, message)
                .with("code", "usage")
                .with("next", "sluice append --help");
    }

    /** The event of the arguments, {@code count} times, each with the stream it goes to. */
    private final class Repeated implements Iterator<Map<String, @Nullable Object>> {
        private final @Nullable Object value;
        private long made;

        Repeated(@Nullable Object value) {
            this.value = value;
        }

        @Override
        public boolean hasNext() {
            return made < count;
        }

        @Override
        public Map<String, @Nullable Object> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            made++;
            var event = event(numbered(value), id == null ? UUID.randomUUID().toString() : id + "-" + made);
            event.put("stream", stream.replace("{n}", Long.toString(made)));
            return event;
        }

        private @Nullable Object numbered(@Nullable Object part) {
            if (part instanceof String text && text.contains("{n}")) {
                return text.equals("{n}") ? (Object) made : text.replace("{n}", Long.toString(made));
            }
            if (part instanceof Map<?, ?>) {
                var copy = new LinkedHashMap<String, @Nullable Object>();
                Json.object(part).forEach((name, inner) -> copy.put(name, numbered(inner)));
                return copy;
            }
            if (part instanceof List<?> list) {
                var copy = new ArrayList<@Nullable Object>();
                list.forEach(inner -> copy.add(numbered(inner)));
                return copy;
            }
            return part;
        }
    }

    /** CloudEvents from standard input, a line each; attributes that a log gives are dropped, so that one log can be fed to another. */
    private static final class FromStandardInput implements Iterator<Map<String, @Nullable Object>> {
        private final BufferedReader in;
        private @Nullable String next;
        private long lineNumber;

        FromStandardInput(Cli cli) throws IOException {
            in = new BufferedReader(new InputStreamReader(cli.in(), StandardCharsets.UTF_8), 1 << 16);
            advance();
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public Map<String, @Nullable Object> next() {
            String line = next;
            if (line == null) {
                throw new NoSuchElementException();
            }
            try {
                long number = lineNumber;
                var event = parse(line, number);
                advance();
                return event;
            } catch (IOException unreadable) {
                throw usage("cannot read standard input: " + unreadable);
            }
        }

        private static Map<String, @Nullable Object> parse(String line, long number) {
            Map<String, @Nullable Object> event;
            try {
                event = new LinkedHashMap<>(Json.parseObject(line));
            } catch (IllegalArgumentException malformed) {
                throw usage("standard input, line " + number + ": " + malformed.getMessage());
            }
            if (!(event.get("stream") instanceof String)) {
                throw usage("standard input, line " + number
                        + ": found no attribute 'stream', expected a CloudEvent with one");
            }
            event.keySet().removeAll(GIVEN_BY_THE_LOG);
            return event;
        }

        private void advance() throws IOException {
            do {
                next = in.readLine();
                lineNumber++;
            } while (next != null && next.isBlank());
        }
    }
}
