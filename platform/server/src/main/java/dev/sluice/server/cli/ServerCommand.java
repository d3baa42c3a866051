package dev.sluice.server.cli;

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
}
