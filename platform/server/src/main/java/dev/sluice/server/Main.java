package dev.sluice.server;

import dev.sluice.server.cli.Cli;
import dev.sluice.server.cli.Terminal;

/** The entry of the process: runs the command line. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        var environment = System.getenv();
        var cli = new Cli(new ThisProcess(environment), Terminal.ofProcess(environment), environment, System.in);
        System.exit(cli.run(arguments));
    }
}
