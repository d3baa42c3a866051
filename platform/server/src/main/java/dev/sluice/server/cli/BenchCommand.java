package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Stands for the benchmarks, which have a program and class path of their own: the launcher starts it. */
@Command(
        description = "Measures Sluice beside plain programs that do the same. Run through platform/sluice.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  platform/sluice bench append --duration 10s"})
final class BenchCommand implements Callable<Integer> {
    @Unmatched
    private String[] ignored = {};

    @Override
    public Integer call() {
        throw Failure.of(Failure.Kind.INVALID_REQUEST, "the benchmarks are not on this class path")
                .with("next", "run 'platform/sluice bench append' in a clone of the repository");
    }
}
