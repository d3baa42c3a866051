package dev.sluice.bench;

import dev.sluice.bench.mesh.MeshCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The benchmarks' command line. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Measures Sluice beside the plain programs it is compared with.",
        subcommands = {
            AppendCommand.class,
            IngestCommand.class,
            ProjectCommand.class,
            HttpCommand.class,
            SubscribeCommand.class,
            RecoverCommand.class,
            SlowCommand.class,
            MeshCommand.class,
            CommandCommand.class,
            SagaCommand.class
        },
        footer = {"", "Example: sluice bench append --duration 10s"})
public final class Bench {
    private Bench() {}

    public static void main(String[] arguments) {
        System.setProperty("logback.configurationFile", "dev/sluice/bench/logback.xml");
        System.exit(new CommandLine(new Bench())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }
}
