package dev.sluice.server.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs commands in this JVM and keeps what they print; a pipe unless asked to be a terminal. */
final class Shell {
    private final Map<String, String> environment = new HashMap<>();
    private boolean isTerminal;
    private String input = "";

    static Shell at(String url) {
        var shell = new Shell();
        shell.environment.put("SLUICE_URL", url);
        return shell;
    }

    /** What a command left behind. */
    record Result(int exit, String output, String errors) {}

    Shell asTerminal() {
        isTerminal = true;
        environment.put("NO_COLOR", "1");
        return this;
    }

    Shell withInput(String text) {
        input = text;
        return this;
    }

    Result run(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var terminal = new Terminal(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                isTerminal,
                false,
                0,
                false);
        var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        int exit = new Cli(new Nothing(), terminal, environment, in).run(arguments);
        return new Result(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** A process without a server: client commands must not ask it. */
    private static final class Nothing implements Host {
        @Override
        public Configuration configuration(Source source) {
            throw asked(source.file());
        }

        @Override
        public List<Saga> sagas(String text, String file) {
            throw asked(Path.of(file));
        }

        @Override
        public Running start(Source source) {
            throw asked(source.file());
        }

        @Override
        public Broker startBroker(Path data, int port) {
            throw asked(data);
        }

        @Override
        public Publisher connect(String bootstrapServers) {
            throw asked(null);
        }

        private static AssertionError asked(@Nullable Path path) {
            return new AssertionError("a client command asked for a server in its own process: " + path);
        }
    }
}
