package dev.sluice.server.cli;

import dev.sluice.server.cli.Terminal.Style;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Follows what happens to one instance. */
@Command(
        description = "Shows what happened to an instance of a saga, a line for each event, and goes on until it ends.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice sagas trace order-fulfilment o1"})
final class SagasTraceCommand extends SagasShowCommand.OfOne {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
    private static final List<String> ENDS = List.of("SagaCompleted", "SagaCompensated", "SagaFailed");
    private static final int MOST_BEFORE = 10_000;
    private static final int TYPE_WIDTH = 19;

    @Option(names = "--no-follow", description = "End after what has happened so far.")
    private boolean noFollow;

    SagasTraceCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() throws Exception {
        var remote = remote();
        var instance = instance(remote);
        if (noFollow) {
            history(remote).forEach(this::print);
            return 0;
        }
        var request = new LinkedHashMap<String, @Nullable Object>();
        request.put("to", "events:" + Json.text(instance.get("stream")));
        request.put("last", MOST_BEFORE);
        new LiveRead(remote.live(), request, terminal()::mention, terminal()::say).run(this::take);
        return 0;
    }

    /** False when the instance has ended. */
    private boolean take(Map<String, @Nullable Object> frame) {
        boolean goesOn = true;
        for (Object row : Json.list(frame.get("set"))) {
            var event = Json.object(Json.list(row).get(1));
            var happened = new LinkedHashMap<String, @Nullable Object>();
            happened.put("version", event.get("streamversion"));
            happened.put("time", event.get("recordedtime"));
            happened.put("type", event.get("type"));
            happened.put("data", event.get("data"));
            print(happened);
            goesOn &= !ENDS.contains(Json.text(event.get("type")));
        }
        terminal().flush();
        return goesOn;
    }

    private void print(Map<String, @Nullable Object> event) {
        if (output.format(terminal()) != Output.Format.TABLE) {
            terminal().line(Json.write(event));
            return;
        }
        String time = OffsetDateTime.parse(Json.text(event.get("time")))
                .atZoneSameInstant(ZoneId.systemDefault())
                .format(TIME);
        String type = Json.text(event.get("type"));
        var data = new LinkedHashMap<>(Json.object(event.get("data")));
        Object step = data.remove("step");
        data.keySet().removeAll(List.of("state", "hash", "epoch", "order"));
        terminal()
                .line((terminal().styled(Style.DIM, time + "  %4s  ".formatted(Json.text(event.get("version"))))
                                + terminal()
                                        .styled(Style.CYAN, type + " ".repeat(Math.max(0, TYPE_WIDTH - type.length())))
                                + "  " + (step == null ? "" : Json.text(step) + "  ") + EventLine.members(data))
                        .stripTrailing());
    }
}
