package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What operators do to one instance of a saga, or to those of a filter: one command for each verb of the API. */
@Command(mixinStandardHelpOptions = true)
final class SagasOperateCommand extends ServerCommand {
    private final Verb verb;

    @Parameters(index = "0", paramLabel = "TYPE", description = "The saga.")
    private String type = "";

    @Parameters(
            index = "1",
            paramLabel = "KEY",
            arity = "0..1",
            description = "The key of the instance; without it the instances of --status, --older-than and --where.")
    private @Nullable String key;

    @Mixin
    private SagasShowCommand.Filter filter = new SagasShowCommand.Filter();

    @Option(
            names = "--step",
            paramLabel = "STEP",
            description = "The step it is about (default: the one that it is parked with); without KEY also a filter.")
    private @Nullable String step;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for those who look at it later.")
    private @Nullable String reason;

    @Option(names = "--reply", paramLabel = "JSON", description = "Of resolve: what the step is to have been answered.")
    private @Nullable String reply;

    @Option(
            names = "--action-id",
            paramLabel = "ID",
            description = "The same acts once, however often it is given (default: a new one).")
    private @Nullable String actionId;

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Only show which instances are meant.")
    private boolean dryRun;

    /** What can be done. */
    enum Verb {
        RETRY("retry", "Sends the step that an instance is parked with again, under the same command id.", false),
        RETRY_FRESH(
                "retry-fresh",
                "Sends the step again under a new command id: participants take it for another command.",
                true),
        RESOLVE("resolve", "Takes the step that an instance is parked with, or its undo, for done.", true),
        SKIP("skip", "Leaves the step that an instance is parked with, or its undo, out.", true),
        COMPENSATE("compensate", "Undoes what an instance has done, in reverse.", true),
        PAUSE("pause", "Holds an instance until it is resumed; what comes for it meanwhile is kept.", false),
        RESUME("resume", "Lets a paused instance go on.", false),
        ABANDON("abandon", "Ends an instance as FAILED; what it did stays in force.", true);

        private final String word;
        private final String sentence;
        private final boolean mustAsk;

        Verb(String word, String sentence, boolean mustAsk) {
            this.word = word;
            this.sentence = sentence;
            this.mustAsk = mustAsk;
        }

        /** As it is typed. */
        String word() {
            return word;
        }
    }

    SagasOperateCommand(Cli cli, Verb verb) {
        super(cli);
        this.verb = verb;
    }

    @Spec
    void describe(CommandSpec spec) {
        spec.usageMessage().description(verb.sentence);
        spec.usageMessage()
                .footer(
                        "",
                        "Example:",
                        "  sluice sagas " + verb.word + " order-fulfilment o1 --reason 'the warehouse was down'",
                        "  sluice sagas " + verb.word + " order-fulfilment --status PARKED --step ship --dry-run");
    }

    @Override
    public Integer call() {
        var remote = remote();
        return key == null ? many(remote) : one(remote, key);
    }

    private int one(Remote remote, String instance) {
        if (!filter.isEmpty()) {
            throw SagasShowCommand.usage("found KEY and a filter, expected one of them", verb.word);
        }
        if (dryRun) {
            return show(remote.get(SagasShowCommand.path(type, "instances", instance))
                    .json());
        }
        if (verb.mustAsk && !yes && !isConfirmed(verb.word + " " + type + "/" + instance + "?")) {
            terminal().say("nothing was done");
            return 1;
        }
        return show(send(remote, SagasShowCommand.path(type, "instances", instance, verb.word), step));
    }

    private int show(Map<String, @Nullable Object> instance) {
        output.one(terminal(), instance, () -> SagasShowCommand.show(terminal(), instance));
        return 0;
    }

    private Map<String, @Nullable Object> send(Remote remote, String path, @Nullable String ofStep) {
        var body = new LinkedHashMap<String, @Nullable Object>();
        body.put("actionId", actionId());
        if (reason != null) {
            body.put("reason", reason);
        }
        if (ofStep != null) {
            body.put("step", ofStep);
        }
        if (reply != null) {
            body.put("reply", reply());
        }
        return remote.send("POST", path, Map.of(), Remote.Body.of("application/json", Json.write(body)))
                .json();
    }

    private @Nullable Object reply() {
        try {
            return Json.parse(reply == null ? "" : reply);
        } catch (IllegalArgumentException malformed) {
            throw SagasShowCommand.usage("found --reply that is not JSON: " + malformed.getMessage(), verb.word);
        }
    }

    /** One for all instances of a filter, so that asking again with it finishes what was begun. */
    private String actionId() {
        if (actionId == null) {
            actionId = UUID.randomUUID().toString();
        }
        return actionId;
    }

    private int many(Remote remote) {
        if (filter.isEmpty() && step == null) {
            throw SagasShowCommand.usage(
                    "found neither KEY nor a filter, expected one of them to say which instances", verb.word);
        }
        if (!dryRun && !yes) {
            int matching = ask(remote, true).matched;
            if (!isConfirmed(verb.word + " " + matching + " instances of " + type + "?")) {
                terminal().say("nothing was done");
                return 1;
            }
        }
        var sum = ask(remote, dryRun);
        output.one(terminal(), sum.json(), () -> {
            terminal().line(sum.matched + " matched, " + sum.done + " done, " + sum.refused.size() + " refused");
            sum.refused.forEach(
                    each -> terminal().line("  " + Json.text(each.get("key")) + ": " + Json.text(each.get("detail"))));
            if (dryRun) {
                sum.keys.forEach(each -> terminal().line("  " + Json.text(each)));
            }
        });
        return sum.refused.isEmpty() ? 0 : 1;
    }

    /** Part after part. */
    private Sum ask(Remote remote, boolean isTried) {
        var sum = new Sum();
        var parameters = filter.parameters(step);
        parameters.put("limit", 1_000);
        parameters.put("dryRun", isTried ? "true" : null);
        do {
            var part =
                    send(remote, SagasShowCommand.path(type, "instances", verb.word) + Remote.query(parameters), null);
            sum.add(part);
            parameters.put("cursor", part.get("cursor"));
            terminal().mention(sum.matched + " matched");
        } while (parameters.get("cursor") != null);
        return sum;
    }

    /** What became of all parts. */
    private static final class Sum {
        private int matched;
        private int done;
        private final List<@Nullable Object> keys = new ArrayList<>();
        private final List<Map<String, @Nullable Object>> refused = new ArrayList<>();

        void add(Map<String, @Nullable Object> part) {
            matched += (int) Json.number(part.get("matched"), 0);
            done += (int) Json.number(part.get("done"), 0);
            keys.addAll(Json.list(part.get("keys")));
            refused.addAll(Json.objects(part.get("refused")));
        }

        Map<String, @Nullable Object> json() {
            var json = new LinkedHashMap<String, @Nullable Object>();
            json.put("matched", matched);
            json.put("done", done);
            json.put("keys", keys);
            json.put("refused", refused);
            return json;
        }
    }
}
