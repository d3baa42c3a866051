package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.house.CommandingClient.Decided;
import dev.sluice.house.CommandingClient.Sent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server dies at random moments under commands: each is decided once, upon the fold of the events before it, for good. */
class CommandKillIT {
    private static final int KILLS = Integer.getInteger("commands.kills", 3);
    private static final int CLIENTS = 6;
    private static final int COMMANDS_OF_A_LIFE = 600;
    /** Commands that are sent once more at the end. */
    private static final int REPEATED = 1_000;

    @TempDir
    Path folder;

    @TempDir
    Path jar;

    @Test
    void everyCommandIsDecidedOnce() throws Exception {
        try (var killer = new Killer("commands", KILLS);
                var server = new ServerProcess(folder, 2, Audit.PROJECTION, "").with(Purses.in(jar))) {
            server.start();
            server.awaitReady();
            var api = new Api(server);
            var clients = sendThroughKills(api, server, killer);
            var sent =
                    clients.stream().flatMap(client -> client.sent().stream()).toList();

            audit(sent, api.events("purse").events());
            answersAgain(clients, killer);
            assertThat(api.events("purse").events())
                    .as("events after the repetitions")
                    .hasSize(accepted(sent));
            System.out.println(sent.size() + " commands answered, " + accepted(sent) + " accepted, "
                    + clients.stream()
                            .mapToInt(CommandingClient::unknownOutcomes)
                            .sum() + " outcomes unknown at first");
            assertThat(sent).as("the load was real").hasSizeGreaterThan(10 * KILLS);
            assertThat(server.errorLines()).isEmpty();
        }
    }

    private static List<CommandingClient> sendThroughKills(Api api, ServerProcess server, Killer killer)
            throws Exception {
        var threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            var answered = new AtomicInteger();
            var clients = new ArrayList<CommandingClient>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new CommandingClient(api, server, i, killer.random().nextLong(), answered));
            }
            var running = clients.stream().map(threads::submit).toList();
            for (int i = 0; i < KILLS; i++) {
                killer.killOnce(server, answered::get, COMMANDS_OF_A_LIFE);
            }
            server.awaitReady();
            clients.forEach(CommandingClient::stop);
            for (var each : running) {
                each.get(60, TimeUnit.SECONDS);
            }
            return clients;
        } finally {
            threads.shutdownNow();
        }
    }

    private static void audit(List<Sent> sent, List<SeenEvent> events) {
        var byCommand = events.stream()
                .collect(Collectors.toMap(event -> event.data().required("id").textValue(), Function.identity()));
        var folds = folds(events);
        for (var command : sent) {
            var decided = command.decided();
            var event = byCommand.remove(command.id());
            assertThat(event != null)
                    .as("an event of %s", command)
                    .isEqualTo(decided.outcome().equals("ACCEPTED"));
            if (event != null) {
                assertThat(event.stream()).isEqualTo(command.stream());
                assertThat(event.version()).as("version of %s", command).isEqualTo(decided.version());
                assertThat(event.data().required("cents").longValue()).isEqualTo(command.cents());
            }
            assertThat(decided.outcome().equals("NOTHING")).as("%s", command).isEqualTo(command.cents() == 0);
            if (decided.held() != null) {
                var held = decided.version() == 0 ? 0L : folds.get(command.stream() + "/" + decided.version());
                assertThat(decided.held())
                        .as("what %s was decided upon", command)
                        .isEqualTo(held);
                assertThat(Purses.isPossible(decided.held(), command.cents())).isFalse();
            }
        }
        assertThat(byCommand).as("events that nobody commanded").isEmpty();
    }

    /** What each purse held at each version; every event was decided upon the fold of those before it. */
    private static Map<String, Long> folds(List<SeenEvent> events) {
        var folds = new HashMap<String, Long>();
        for (var event : events) {
            long before = event.version() == 1 ? 0 : folds.get(event.stream() + "/" + (event.version() - 1));
            assertThat(event.data().required("before").longValue())
                    .as("what %s was decided upon", event)
                    .isEqualTo(before);
            folds.put(
                    event.stream() + "/" + event.version(),
                    before + event.data().required("cents").longValue());
        }
        return folds;
    }

    private static void answersAgain(List<CommandingClient> clients, Killer killer) throws InterruptedException {
        for (int i = 0; i < REPEATED; i++) {
            var client = clients.get(killer.random().nextInt(CLIENTS));
            var command =
                    client.sent().get(killer.random().nextInt(client.sent().size()));
            var answer = client.settle(command.id(), command.stream(), command.cents());
            assertThat(answer.required("outcome").textValue()).isEqualTo("DUPLICATE");
            assertThat(Decided.of(answer)).as("the answer of %s", command).isEqualTo(command.decided());
        }
    }

    private static int accepted(List<Sent> sent) {
        return (int) sent.stream()
                .filter(each -> each.decided().outcome().equals("ACCEPTED"))
                .count();
    }
}
