package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import dev.sluice.server.cli.Terminal.Style;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows the main job end to end and checks it: a real broker and a server in temporary folders, orders published over Kafka,
 * the tail and a projection over WebSocket. Ends with 0 only when every event arrived once and in order and the rows are right.
 */
@Command(
        description =
                "Starts a Kafka broker and Sluice in temporary folders, publishes orders, shows what arrives, and ends.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice demo", "  sluice demo --keep"})
final class DemoCommand implements Callable<Integer> {
    private static final String TOPIC = "orders";
    private static final String PROJECTION = "customer-orders";
    private static final List<String> COLUMNS = List.of("orders", "cancelled", "gross", "lastOrder");
    private static final int PARTITIONS = 4;
    private static final long BETWEEN_MILLIS = 120;
    private static final long ARRIVAL_SECONDS = 30;

    private final Cli cli;
    private final Terminal terminal;
    private final Deque<Runnable> stops = new ArrayDeque<>();
    private final Map<String, List<String>> arrived = new TreeMap<>();
    private final Map<String, Map<String, @Nullable Object>> rows = new TreeMap<>();
    private final CountDownLatch subscribed = new CountDownLatch(2);
    private final CountDownLatch complete = new CountDownLatch(2);
    private final AtomicReference<@Nullable Exception> broken = new AtomicReference<>();
    private @Nullable String logCursor;

    @Option(names = "--keep", description = "Leave all running until Ctrl-C, and print the URLs.")
    private boolean keep;

    DemoCommand(Cli cli) {
        this.cli = cli;
        this.terminal = cli.terminal();
    }

    @Override
    public Integer call() throws Exception {
        if (!keep) {
            // The demonstration is the output; an operator of --keep wants the log.
            System.setProperty("sluice.log.level", "WARN");
            System.setProperty("sluice.log.libraries", "ERROR");
        }
        var hook = new Thread(this::stop, "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            String url = demonstrate();
            if (keep) {
                terminal.line("");
                terminal.line("  sluice tail --url " + url);
                terminal.line("  sluice projections rows " + PROJECTION + " --watch --url " + url);
                Runtime.getRuntime().removeShutdownHook(hook);
                UntilStopped.run(terminal, url, this::stop);
            }
            stop();
            done("stopped cleanly");
            return 0;
        } finally {
            stop();
        }
    }

    private String demonstrate() throws Exception {
        Path folder = Files.createTempDirectory("sluice-demo");
        onStop(() -> delete(folder));
        terminal.line(
                "Orders published over Kafka, kept in a durable log, watched as rows and as events over WebSocket.");
        terminal.line("");
        terminal.flush();
        var broker = cli.host().startBroker(folder.resolve("kafka"), 0);
        onStop(broker::close);
        done("Kafka broker at " + broker.bootstrapServers());
        var publisher = cli.host().connect(broker.bootstrapServers());
        onStop(publisher::close);
        publisher.createTopic(TOPIC, PARTITIONS);
        var payments = SamplePayments.start();
        onStop(payments::close);
        var running = cli.host()
                .start(new Host.Source(
                        null,
                        true,
                        Map.of(
                                "http.port", "0",
                                "http.upstreams.payments.url", payments.url(),
                                "data.dir", folder.resolve("data").toString(),
                                "kafka.bootstrapServers", broker.bootstrapServers())));
        onStop(running::close);
        done("Sluice at " + running.url());
        var remote = Remote.at(running.url());
        watch(remote);
        done("subscribed to the log and to " + PROJECTION);
        var shop = new DemoShop(remote, terminal);
        shop.receive();
        publish(publisher);
        await(complete, "every order in the tail and in the rows");
        showRows(remote);
        shop.show(Objects.requireNonNull(logCursor, "the tail has given a cursor"));
        done("inventory with its alert, revenue by day: each equal to what was ordered and paid");
        new DemoMesh(remote, terminal).show();
        done("a circuit breaker opened and closed again, told in the log");
        var sagas = new DemoSagas(remote, terminal, payments, this::checkSubscriptions);
        follow(remote, "demo-sagas", DemoSagas.subscription(), sagas::take);
        sagas.show();
        done(
                "one order fulfilled, one undone in reverse, one that waited for payments: each told by the log and over WebSocket");
        return running.url();
    }

    private void watch(Remote remote) throws Exception {
        var line = new EventLine(terminal, ZoneId.systemDefault());
        follow(remote, "demo-tail", Map.of("to", "events:category:order"), frame -> tail(frame, line));
        follow(remote, "demo-rows", Map.of("to", "projection:" + PROJECTION, "mode", "latest"), this::row);
        await(subscribed, "answers to both subscriptions");
    }

    /** Fails with what has ended one. */
    private void checkSubscriptions() throws Exception {
        var problem = broken.get();
        if (problem != null) {
            throw problem;
        }
    }

    private void follow(Remote remote, String name, Map<String, @Nullable Object> request, LiveRead.Frames frames) {
        var read = new LiveRead(remote.live(), request, notice -> {}, problem -> {});
        var thread = new Thread(
                () -> {
                    try {
                        read.run(frames);
                    } catch (InterruptedException stopped) {
                        Thread.currentThread().interrupt();
                    } catch (Exception failed) {
                        broken.compareAndSet(null, failed);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        onStop(thread::interrupt);
    }

    private void publish(Host.Publisher publisher) throws Exception {
        terminal.line("");
        var samples = DemoOrders.samples();
        for (int i = 0; i < samples.size(); i++) {
            var sample = samples.get(i);
            publisher.publish(TOPIC, sample.orderId(), sample.headers(i), sample.json());
            TimeUnit.MILLISECONDS.sleep(BETWEEN_MILLIS);
        }
    }

    private synchronized boolean tail(Map<String, @Nullable Object> frame, EventLine line) {
        if ("subscribed".equals(frame.get("op"))) {
            subscribed.countDown();
        }
        for (Object row : Json.list(frame.get("set"))) {
            var event = Json.object(Json.list(row).get(1));
            arrived.computeIfAbsent(Json.text(event.get("stream")), none -> new ArrayList<>())
                    .add(Json.text(event.get("type")));
            show(Style.GREEN, "event", line.of(event));
        }
        if (frame.get("to") instanceof String cursor) {
            logCursor = cursor;
        }
        int count = arrived.values().stream().mapToInt(List::size).sum();
        boolean isComplete = count >= DemoOrders.samples().size();
        if (isComplete) {
            complete.countDown();
        }
        return !isComplete;
    }

    private synchronized boolean row(Map<String, @Nullable Object> frame) {
        if ("synced".equals(frame.get("op"))) {
            subscribed.countDown();
        }
        var changed = new ArrayList<Object>(Json.list(frame.get("rows")));
        changed.addAll(Json.list(frame.get("set")));
        for (Object each : changed) {
            String key = Json.text(Json.list(each).get(0));
            var row = Json.object(Json.list(each).get(1));
            rows.put(key, row);
            var brief = new LinkedHashMap<String, @Nullable Object>();
            COLUMNS.forEach(name -> brief.put(name, row.get(name)));
            show(Style.YELLOW, "row  ", key + "  " + EventLine.members(brief));
        }
        boolean isComplete = DemoOrders.agree(rows);
        if (isComplete) {
            complete.countDown();
        }
        return !isComplete;
    }

    private void showRows(Remote remote) {
        synchronized (this) {
            if (!arrived.equals(DemoOrders.typesByStream())) {
                throw failed("found in the tail " + arrived + ", expected " + DemoOrders.typesByStream());
            }
        }
        var parameters = new LinkedHashMap<String, @Nullable Object>();
        parameters.put("after", logCursor);
        var found = Json.objects(remote.get("/v1/projections/" + PROJECTION + "/rows" + Remote.query(parameters))
                .json()
                .get("rows"));
        var byKey = new TreeMap<String, Map<String, @Nullable Object>>();
        found.forEach(row -> byKey.put(Json.text(row.get("key")), Json.object(row.get("row"))));
        terminal.line("");
        var columns = new ArrayList<Output.Column>();
        columns.add(Output.Column.of("key"));
        for (String name : COLUMNS) {
            columns.add(new Output.Column(
                    name, row -> Json.text(Json.object(row.get("row")).get(name))));
        }
        Output.table(terminal, found, columns);
        terminal.line("");
        if (!DemoOrders.agree(byKey)) {
            throw failed("found rows " + byKey + ", expected what the orders add up to");
        }
        done(DemoOrders.samples().size() + " events, each once and in order; " + found.size()
                + " rows, equal to what the orders add up to");
    }

    private void await(CountDownLatch latch, String what) throws Exception {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(ARRIVAL_SECONDS);
        while (!latch.await(100, TimeUnit.MILLISECONDS)) {
            checkSubscriptions();
            if (System.nanoTime() > deadlineNanos) {
                synchronized (this) {
                    throw failed(
                            "waited " + ARRIVAL_SECONDS + " s for " + what + "; events " + arrived + ", rows " + rows);
                }
            }
        }
    }

    static Failure failed(String message) {
        return Failure.of(Failure.Kind.INTERNAL, message)
                .with("code", "demo_failed")
                .with("next", "run it again; if it fails again, report it with this output");
    }

    private void show(Style style, String what, String text) {
        terminal.line(terminal.styled(style, what) + "  " + text);
        terminal.flush();
    }

    private void done(String what) {
        terminal.line(terminal.styled(Style.GREEN, "✓") + " " + what);
        terminal.flush();
    }

    private void onStop(Runnable stop) {
        synchronized (stops) {
            stops.push(stop);
        }
    }

    /** Stops what was started, last first; the second time there is nothing left. */
    private void stop() {
        synchronized (stops) {
            while (!stops.isEmpty()) {
                stops.pop().run();
            }
        }
    }

    private static void delete(Path folder) {
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | java.io.UncheckedIOException left) {
            // a temporary folder that cannot be removed now is the operating system's to remove
        }
    }
}
