package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Shows what applying a file would change: exit 0 nothing, 1 something. */
@Command(
        description = "Shows what applying a file would change; exit code 0: nothing, 1: something.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice projections diff config/samples/projections/customer-orders.yaml"})
final class ProjectionsDiffCommand extends ServerCommand {
    @Parameters(paramLabel = "FILE", description = "The file; - reads standard input.")
    private String file = "";

    ProjectionsDiffCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() {
        var remote = remote();
        var found = new ArrayList<Map<String, @Nullable Object>>();
        for (var document : Documents.read(cli, file).definitions().entrySet()) {
            found.add(difference(remote, document.getKey(), document.getValue()));
        }
        if (output.format(terminal()) == Output.Format.TABLE) {
            found.forEach(this::show);
        } else {
            output.list(terminal(), found, List.of());
        }
        boolean isChanged = found.stream().anyMatch(each -> !"unchanged".equals(each.get("change")));
        return isChanged ? 1 : 0;
    }

    private static Map<String, @Nullable Object> difference(Remote remote, String name, String definition) {
        String path = Remote.path("v1", "projections", name);
        var tried = remote.send("PUT", path + "?dryRun=true", Map.of(), Remote.Body.of("application/yaml", definition))
                .json();
        boolean isNew = Boolean.TRUE.equals(tried.get("created"));
        boolean isChanged = Boolean.TRUE.equals(tried.get("changed"));
        var difference = new LinkedHashMap<String, @Nullable Object>();
        difference.put("projection", name);
        difference.put("change", isNew ? "new" : isChanged ? "changed" : "unchanged");
        if (isNew || isChanged) {
            String before = isNew ? "" : definition(remote, path);
            difference.put("diff", LineDiff.of(before.strip(), definition.strip()));
        }
        return difference;
    }

    private static String definition(Remote remote, String path) {
        try {
            return Json.text(remote.get(path).json().get("definition"));
        } catch (Failure gone) {
            if (gone.kind() == Failure.Kind.PROJECTION_NOT_FOUND) {
                return "";
            }
            throw gone;
        }
    }

    private void show(Map<String, @Nullable Object> difference) {
        terminal().line(Json.text(difference.get("projection")) + ": " + Json.text(difference.get("change")));
        for (Object line : Json.list(difference.get("diff"))) {
            String text = Json.text(line);
            var style = text.startsWith("+")
                    ? Terminal.Style.GREEN
                    : text.startsWith("-") ? Terminal.Style.RED : Terminal.Style.DIM;
            terminal().line("  " + terminal().styled(style, text));
        }
    }
}
