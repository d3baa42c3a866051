package dev.sluice.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.log.Failure;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** The command line: finds the command that is meant, builds that one alone, runs it, and turns every end into an exit code. */
public final class Cli {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private final Host host;
    private final Terminal terminal;
    private final Map<String, String> environment;
    private final InputStream in;

    public Cli(Host host, Terminal terminal, Map<String, String> environment, InputStream in) {
        this.host = host;
        this.terminal = terminal;
        this.environment = environment;
        this.in = in;
    }

    /** Runs a command and returns its exit code. */
    public int run(String... arguments) {
        try {
            int code = dispatch(arguments);
            terminal.flush();
            return code;
        } catch (Terminal.ReaderGone quiet) {
            return 0;
        }
    }

    Host host() {
        return host;
    }

    Terminal terminal() {
        return terminal;
    }

    InputStream in() {
        return in;
    }

    /** A variable of the environment, null when it is not set or empty. */
    @Nullable
    String variable(String name) {
        String value = environment.get(name);
        return value == null || value.isEmpty() ? null : value;
    }

    private int dispatch(String... arguments) {
        if (arguments.length == 0) {
            Help.all(terminal.err());
            return USAGE;
        }
        String first = arguments[0];
        if (first.equals("--help") || first.equals("-h") || first.equals("help")) {
            return help(Arrays.copyOfRange(arguments, 1, arguments.length));
        }
        if (first.equals("--version") || first.equals("-V")) {
            terminal.line("sluice " + version());
            return 0;
        }
        for (int words = Math.min(2, arguments.length); words >= 1; words--) {
            String name = String.join(" ", Arrays.copyOf(arguments, words));
            var command = Catalogue.command(name, this);
            if (command != null) {
                return execute(name, command, Arrays.copyOfRange(arguments, words, arguments.length));
            }
        }
        if (Catalogue.isGroup(first)) {
            return group(arguments);
        }
        return usage("unknown command '" + first + "'" + Help.suggestion(first), "sluice --help lists the commands");
    }

    private int help(String... of) {
        if (of.length == 0) {
            Help.all(terminal.out());
            return 0;
        }
        var arguments = new ArrayList<>(List.of(of));
        arguments.add("--help");
        return dispatch(arguments.toArray(String[]::new));
    }

    private int group(String... arguments) {
        String group = arguments[0];
        String second = arguments.length > 1 ? arguments[1] : "";
        if (second.equals("--help") || second.equals("-h")) {
            Help.group(group, terminal.out());
            return 0;
        }
        return usage(
                (second.isEmpty()
                                ? "found no command after '" + group + "'"
                                : "unknown command '" + group + " " + second + "'")
                        + ", expected one of: " + String.join(", ", Catalogue.namesIn(group)),
                "sluice " + group + " --help");
    }

    private int execute(String name, Callable<Integer> command, String... arguments) {
        var line = new CommandLine(command);
        line.setCommandName("sluice " + name);
        line.getCommandSpec().version("sluice " + version());
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.hasColours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setOut(new PrintWriter(terminal.out(), true, UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, UTF_8));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        // "@FILE" is data of a command, and a key may begin so: neither is a file of more arguments.
        line.setExpandAtFiles(false);
        line.setParameterExceptionHandler(
                (problem, ignored) -> usage(String.valueOf(problem.getMessage()), "sluice " + name + " --help"));
        line.setExecutionExceptionHandler((problem, ignored, parsed) -> failed(problem, name));
        return line.execute(arguments);
    }

    private int failed(Exception problem, String command) {
        if (problem instanceof Terminal.ReaderGone) {
            return 0;
        }
        if (problem instanceof Failure failure) {
            String code = Json.text(
                    failure.details().getOrDefault("code", failure.kind().code()));
            error(code, failure.getMessage(), NextStep.after(failure, command), violations(failure));
            return failure.kind().exitCode();
        }
        if (problem instanceof InterruptedException) {
            return 130;
        }
        error(
                "internal",
                problem.toString(),
                "run it again with SLUICE_TRACE=1 for the stack trace, and report it",
                List.of());
        if (variable("SLUICE_TRACE") != null) {
            problem.printStackTrace(terminal.err());
        }
        return FAILED;
    }

    private int usage(String what, String next) {
        error("usage", what, next, List.of());
        return USAGE;
    }

    /** All that is wrong with a command, where it is more than the message tells. */
    private static List<String> violations(Failure failure) {
        var all = Json.objects(failure.details().get("violations"));
        return all.size() < 2
                ? List.of()
                : all.stream()
                        .map(each -> "'" + Json.text(each.get("pointer")) + "': found " + Json.text(each.get("found"))
                                + ", expected " + Json.text(each.get("expected")))
                        .toList();
    }

    private void error(String code, String what, String next, List<String> more) {
        terminal.out().flush();
        boolean coloured = terminal.talksToTerminal() && variable("NO_COLOR") == null;
        terminal.say((coloured ? "\u001b[31merror:\u001b[0m " : "error: ") + code + ": " + what);
        more.forEach(line -> terminal.say("  " + line));
        terminal.say("  next: " + next);
    }

    private static String version() {
        String version = Cli.class.getPackage().getImplementationVersion();
        return version == null ? "(development)" : version;
    }
}
