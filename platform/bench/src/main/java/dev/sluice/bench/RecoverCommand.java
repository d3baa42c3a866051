package dev.sluice.bench;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench recover}: how long a server takes to serve again after SIGKILL in the middle of appends. */
@Command(
        name = "recover",
        mixinStandardHelpOptions = true,
        description =
                "Fills a log in a process of its own, ends it with SIGKILL while it appends, and times the start of a"
                        + " server on what is left.",
        footer = {"", "Example: sluice bench recover --events 5000000"})
final class RecoverCommand implements Callable<Integer> {
    private static final double DEMANDED_SECONDS = 5;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--events",
            defaultValue = "5000000",
            paramLabel = "N",
            description = "Events in the log (${DEFAULT-VALUE})")
    private long events = 5_000_000;

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try {
            var empty = new ArrayList<Double>();
            var recovered = new ArrayList<Double>();
            for (int round = 0; round < options.rounds; round++) {
                empty.add(start(folder.resolve("empty-" + round)));
                Path server = folder.resolve("server-" + round);
                fillAndKill(server.resolve("data"));
                recovered.add(start(server));
                System.err.printf(
                        "round %d: ready after %.2f s, on an empty folder %.2f s%n",
                        round + 1, recovered.get(round), empty.get(round));
            }
            double median = Comparison.median(recovered);
            String figures = options.json
                    ? "{\"events\":%d,\"medianSeconds\":%.3f,\"emptySeconds\":%.3f}"
                            .formatted(events, median, Comparison.median(empty))
                    : "start of the server after kill -9 with %,d events: %.2f s, on an empty folder %.2f s (demanded %.0f s)"
                            .formatted(events, median, Comparison.median(empty), DEMANDED_SECONDS);
            System.out.println(figures);
            return options.check && median > DEMANDED_SECONDS ? 1 : 0;
        } finally {
            Machine.delete(folder);
        }
    }

    /** Seconds from the start of the process to its readiness; its files are gone afterwards. */
    private static double start(Path server) throws Exception {
        long start = System.nanoTime();
        var started = ServerProcess.start(server, null, "");
        double seconds = (System.nanoTime() - start) / 1e9;
        started.close();
        Machine.delete(server);
        return seconds;
    }

    private void fillAndKill(Path data) throws Exception {
        var command = new ArrayList<>(Machine.serverJava());
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                Filler.class.getName(),
                data.resolve("log").toString(),
                String.valueOf(events),
                String.valueOf(options.bytes),
                String.valueOf(options.streams)));
        var filler = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            if (filler.getInputStream().read() < 0) {
                throw new IllegalStateException("the process that fills the log ended too early");
            }
        } finally {
            filler.destroyForcibly().waitFor();
        }
    }

    /** Appends until it is killed; says so on stdout when enough events are durable. */
    static final class Filler {
        private static final int IN_FLIGHT = 1_024;

        private Filler() {}

        public static void main(String[] arguments) throws InterruptedException {
            var log = Log.open(Path.of(arguments[0]), LogOptions.defaults());
            long events = Long.parseLong(arguments[1]);
            var data = new OrderData(Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
            var room = new Semaphore(IN_FLIGHT);
            for (long i = 0; ; i++) {
                room.acquire();
                if (i == events + IN_FLIGHT) {
                    System.out.print('.');
                    System.out.flush();
                }
                byte[] order = data.nextOrder();
                var event =
                        new Event(OrderData.idOf(order), "OrderPlaced", "/bench", 0, Event.JSON, Map.of(), null, order);
                log.append(Append.to(data.stream(data.nextStream()), Expected.ANY, List.of(event)))
                        .whenComplete((appended, failure) -> {
                            if (failure != null) {
                                failure.printStackTrace();
                                System.exit(1);
                            }
                            room.release();
                        });
            }
        }
    }
}
