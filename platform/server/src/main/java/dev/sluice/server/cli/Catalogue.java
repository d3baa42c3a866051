package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** The commands there are. A command object is made only when it is asked for by name: that keeps start-up short. */
final class Catalogue {
    private static final String BENCH = "bench";

    private Catalogue() {}

    /** Every command with its sentence, in the order help shows them. */
    static Map<String, String> sentences() {
        var all = new LinkedHashMap<String, String>();
        all.put("demo", "See it work: a broker, orders, a live projection, the tail; ends by itself.");
        all.put("dev", "Run broker, server and samples on this machine.");
        all.put("serve", "Run the server in production.");
        all.put("append", "Append events to a stream.");
        all.put("command", "Send a command to an aggregate.");
        all.put("commands ls", "List the types of commands.");
        all.put("tail", "Follow the log.");
        all.put("read", "Read a stream, or one event.");
        all.put("streams ls", "List streams.");
        all.put("streams show", "Show one stream.");
        all.put("projections ls", "List projections.");
        all.put("projections show", "Show a projection and its definition.");
        all.put("projections rows", "Show rows of a projection, or watch them change.");
        all.put("projections apply", "Apply projection definitions from a file.");
        all.put("projections rebuild", "Fold a projection again beside the live one.");
        all.put("projections switch", "Make the generation that was built live.");
        all.put("projections rollback", "Go back to the generation before.");
        all.put("projections pause", "Fold a projection no more; its rows are still served.");
        all.put("projections resume", "Fold a paused projection on.");
        all.put("projections delete", "Delete a projection and its rows.");
        all.put("projections diff", "Show what applying a file would change.");
        all.put("projections test", "Fold given events and compare the rows.");
        all.put("projections explain", "Show what a projection makes of an event.");
        all.put("sagas test", "Play the scenarios of sagas in a file.");
        all.put("why", "Show what each consumer did with an event.");
        all.put("dead-letters ls", "List records and events that a consumer refused.");
        all.put("dead-letters show", "Show one dead letter whole.");
        all.put("dead-letters retry", "Retry dead letters.");
        all.put("dead-letters discard", "Discard dead letters.");
        all.put("sagas ls", "List sagas, or instances of one.");
        all.put("sagas show", "Show an instance and what happened to it.");
        all.put("sagas trace", "Follow what happens to an instance.");
        all.put("sagas diagram", "Draw the sagas of a file, or one of a server.");
        all.put("sagas retry", "Send the step of a parked instance again.");
        all.put("sagas retry-fresh", "Send it again under a new command id.");
        all.put("sagas resolve", "Take the step of a parked instance for done.");
        all.put("sagas skip", "Leave the step of a parked instance out.");
        all.put("sagas compensate", "Undo what an instance has done.");
        all.put("sagas pause", "Hold an instance.");
        all.put("sagas resume", "Let a paused instance go on.");
        all.put("sagas abandon", "End an instance as failed, with its effects in force.");
        all.put("breakers ls", "List circuit breakers.");
        all.put("breakers show", "Show a circuit breaker, and why it is as it is.");
        all.put("breakers open", "Reject every call to an address.");
        all.put("breakers reset", "Close a circuit breaker and start afresh.");
        all.put("limits ls", "List rate and concurrency limits.");
        all.put("limits show", "Show the limits of a policy or an address.");
        all.put("instances ls", "List those that answer on each address.");
        all.put("policies ls", "List the policies that apply.");
        all.put("policies apply", "Apply policies from a file.");
        all.put("policies dry-run", "Show what applying policies would change.");
        all.put("policies explain", "Show which policy an address has, and why.");
        all.put("shards ls", "List shards.");
        all.put("config show", "Show the configuration, and where each value came from.");
        all.put("config validate", "Check a configuration file.");
        all.put("info", "Show the server's version, sources and projections.");
        all.put(BENCH, "Measure: bench append, bench ingest.");
        return all;
    }

    /** The command of that name, null when there is none. */
    static @Nullable Callable<Integer> command(String name, Cli cli) {
        return switch (name) {
            case "demo" -> new DemoCommand(cli);
            case "dev" -> new DevCommand(cli);
            case "serve" -> new ServeCommand(cli);
            case "append" -> new AppendCommand(cli);
            case "command" -> new CommandCommand(cli);
            case "commands ls" -> new CommandCommand.Ls(cli);
            case "tail" -> new TailCommand(cli);
            case "read" -> new ReadCommand(cli);
            case "sagas test" -> new SagasCommand.Test(cli);
            case "streams ls" -> new StreamsCommand.Ls(cli);
            case "streams show" -> new StreamsCommand.Show(cli);
            case "projections ls" -> new ProjectionsCommand.Ls(cli);
            case "projections show" -> new ProjectionsCommand.Show(cli);
            case "projections rows" -> new ProjectionsRowsCommand(cli);
            case "projections apply" -> new ProjectionsCommand.Apply(cli);
            case "projections rebuild" -> new ProjectionsOperateCommand.Rebuild(cli);
            case "projections switch" -> new ProjectionsOperateCommand.Switch(cli);
            case "projections rollback" -> new ProjectionsOperateCommand.Rollback(cli);
            case "projections pause" -> new ProjectionsOperateCommand.Pause(cli);
            case "projections resume" -> new ProjectionsOperateCommand.Resume(cli);
            case "projections delete" -> new ProjectionsOperateCommand.Delete(cli);
            case "projections diff" -> new ProjectionsDiffCommand(cli);
            case "projections test" -> new ProjectionsTestCommand(cli);
            case "projections explain" -> new WhyCommand.Explain(cli);
            case "why" -> new WhyCommand(cli);
            case "dead-letters ls" -> new DeadLettersCommand.Ls(cli);
            case "dead-letters show" -> new DeadLettersCommand.Show(cli);
            case "dead-letters retry" -> new DeadLettersResolve.Retry(cli);
            case "dead-letters discard" -> new DeadLettersResolve.Discard(cli);
            case "sagas ls" -> new SagasShowCommand.Ls(cli);
            case "sagas show" -> new SagasShowCommand.Show(cli);
            case "sagas trace" -> new SagasTraceCommand(cli);
            case "sagas diagram" -> new SagasCommand.Diagram(cli);
            case "breakers ls" -> new BreakersCommand.Ls(cli);
            case "breakers show" -> new BreakersCommand.Show(cli);
            case "breakers open" -> new BreakersCommand.Open(cli);
            case "breakers reset" -> new BreakersCommand.Reset(cli);
            case "limits ls" -> new LimitsCommand.Ls(cli);
            case "limits show" -> new LimitsCommand.Show(cli);
            case "instances ls" -> new InstancesCommand.Ls(cli);
            case "policies ls" -> new PoliciesCommand.Ls(cli);
            case "policies apply" -> new PoliciesCommand.Apply(cli);
            case "policies dry-run" -> new PoliciesCommand.DryRun(cli);
            case "policies explain" -> new PoliciesCommand.Explain(cli);
            case "shards ls" -> new ShardsLsCommand(cli);
            case "config show" -> new ConfigCommand.Show(cli);
            case "config validate" -> new ConfigCommand.Validate(cli);
            case "info" -> new InfoCommand(cli);
            case BENCH -> new BenchCommand();
            default -> sagasVerb(name, cli);
        };
    }

    /** The command {@code sagas VERB}, null for anything else. */
    private static @Nullable Callable<Integer> sagasVerb(String name, Cli cli) {
        for (var verb : SagasOperateCommand.Verb.values()) {
            if (name.equals("sagas " + verb.word())) {
                return new SagasOperateCommand(cli, verb);
            }
        }
        return null;
    }

    static boolean isGroup(String word) {
        return !namesIn(word).isEmpty();
    }

    /** The second words of a group's commands. */
    static List<String> namesIn(String group) {
        var names = new ArrayList<String>();
        for (String name : sentences().keySet()) {
            if (name.startsWith(group + " ")) {
                names.add(name.substring(group.length() + 1));
            }
        }
        return names;
    }
}
