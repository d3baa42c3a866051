package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/** A command that asks a server and prints what it answers. */
abstract class ServerCommand implements Callable<Integer> {
    final Cli cli;

    @Mixin
    Output output = new Output();

    @Mixin
    ServerOption server = new ServerOption();

    ServerCommand(Cli cli) {
        this.cli = cli;
    }

    final Terminal terminal() {
        return cli.terminal();
    }

    final Remote remote() {
        return server.remote(cli);
    }

    /** Asks the person; INVALID_REQUEST where nobody can be asked. */
    final boolean isConfirmed(String question) {
        if (!terminal().talksToTerminal()) {
            throw Failure.of(Failure.Kind.INVALID_REQUEST, "found nobody to ask, expected --yes")
                    .with("code", "usage")
                    .with("next", "say --yes, or --dry-run to see what is meant");
        }
        terminal().say(question + " [y/N]");
        try (var answers = new Scanner(cli.in(), StandardCharsets.UTF_8)) {
            return answers.hasNextLine() && answers.nextLine().strip().equalsIgnoreCase("y");
        }
    }
}
