package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What operators do to projections: one command for each verb of the API. */
final class ProjectionsOperateCommand {
    private static final long WATCH_EVERY_MILLIS = 500;

    private ProjectionsOperateCommand() {}

    /** A verb on one projection; prints how the projection is then. */
    abstract static class Verb implements Callable<Integer> {
        final Cli cli;

        @Parameters(paramLabel = "PROJECTION", description = "The projection.")
        String projection = "";

        @Mixin
        Output output = new Output();

        @Mixin
        ServerOption server = new ServerOption();

        Verb(Cli cli) {
            this.cli = cli;
        }

        /** Sends the verb and answers how the projection is then. */
        Map<String, @Nullable Object> send(Remote remote, String verb, Map<String, ?> parameters) {
            String path = Remote.path("v1", "projections", projection, verb) + Remote.query(parameters);
            return remote.send("POST", path, Map.of(), Remote.Body.of("application/json", ""))
                    .json();
        }

        int show(Map<String, @Nullable Object> found) {
            output.one(
                    cli.terminal(),
                    found,
                    () -> Output.table(cli.terminal(), List.of(found), ProjectionsCommand.COLUMNS));
            return 0;
        }

        int run(String verb) {
            return show(send(server.remote(cli), verb, Map.of()));
        }
    }

    /** Folds a projection again. */
    @Command(
            description = "Folds a projection again from the beginning of the log, beside the live rows.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections rebuild customer-orders --watch"})
    static final class Rebuild extends Verb {
        @Option(names = "--hold", description = "The new generation goes live only with 'projections switch'.")
        private boolean hold;

        @Option(names = "--watch", description = "Show how far it is until it has caught up.")
        private boolean watch;

        Rebuild(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() throws InterruptedException {
            var remote = server.remote(cli);
            var found = send(remote, "rebuild", hold ? Map.of("hold", true) : Map.of());
            String said = "";
            while (watch && isMoving(found)) {
                String progress = ProjectionsCommand.building(Json.object(found.get("building")));
                if (!progress.equals(said)) {
                    cli.terminal().say(progress);
                    said = progress;
                }
                Thread.sleep(WATCH_EVERY_MILLIS);
                found = remote.get(Remote.path("v1", "projections", projection)).json();
            }
            show(found);
            return hasFailed(found) ? 1 : 0;
        }

        private static boolean hasFailed(Map<String, @Nullable Object> projection) {
            return Json.text(Json.object(projection.get("building")).get("state"))
                    .equals("failed");
        }

        private static boolean isMoving(Map<String, @Nullable Object> projection) {
            var building = Json.object(projection.get("building"));
            boolean isHeldUp =
                    hasFailed(projection) || List.of("paused", "failed").contains(Json.text(projection.get("state")));
            boolean hasCaughtUp = Json.number(building.get("events"), 0) >= Json.number(building.get("total"), 0);
            boolean isHeld = Boolean.TRUE.equals(building.get("held"));
            return !building.isEmpty() && !isHeldUp && !(isHeld && hasCaughtUp);
        }
    }

    /** Makes a generation live. */
    @Command(
            description = "Makes the generation that was built live, or the one that was rolled back.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections switch customer-orders"})
    static final class Switch extends Verb {
        Switch(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            return run("switch");
        }
    }

    /** Goes back. */
    @Command(
            description = "Folds the generation before the live one on from where it stood, and makes it live again.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections rollback customer-orders"})
    static final class Rollback extends Verb {
        Rollback(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            return run("rollback");
        }
    }

    /** Halts a projection. */
    @Command(
            description = "Folds nothing into a projection until it is resumed; its rows are served as they stand.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections pause customer-orders --reason 'wrong totals, see #12'"})
    static final class Pause extends Verb {
        @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for those who look at it.")
        private @Nullable String reason;

        Pause(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("reason", reason);
            return show(send(server.remote(cli), "pause", parameters));
        }
    }

    /** Lets a projection go on. */
    @Command(
            description = "Folds a paused projection on from where it stands.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections resume customer-orders"})
    static final class Resume extends Verb {
        Resume(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            return run("resume");
        }
    }

    /** Deletes a projection. */
    @Command(
            description = "Deletes a projection and its rows. Its events stay; applying it again folds them again.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections delete customer-orders --yes"})
    static final class Delete extends Verb {
        @Option(names = "--yes", description = "Do not ask.")
        private boolean yes;

        @Option(names = "--dry-run", description = "Only show what would be deleted.")
        private boolean dryRun;

        Delete(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var remote = server.remote(cli);
            String path = Remote.path("v1", "projections", projection);
            var found = remote.get(path).json();
            if (!dryRun) {
                if (!yes && !isConfirmed(Json.text(found.get("rows")))) {
                    cli.terminal().say("nothing was deleted");
                    return 1;
                }
                remote.send("DELETE", path, Map.of(), null);
            }
            return show(found);
        }

        private boolean isConfirmed(String rows) {
            if (!cli.terminal().talksToTerminal()) {
                throw Failure.of(Failure.Kind.INVALID_REQUEST, "found nobody to ask, expected --yes")
                        .with("code", "usage")
                        .with("next", "say --yes, or --dry-run to see what would be deleted");
            }
            cli.terminal().say("delete projection " + projection + " with its " + rows + " rows? [y/N]");
            try (var answers = new Scanner(cli.in(), StandardCharsets.UTF_8)) {
                return answers.hasNextLine() && answers.nextLine().strip().equalsIgnoreCase("y");
            }
        }
    }
}
