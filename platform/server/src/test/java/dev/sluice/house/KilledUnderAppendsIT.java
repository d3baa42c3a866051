package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server dies at random moments under HTTP appends: everything answered 201 is there, once, and the view is its fold. */
class KilledUnderAppendsIT {
    private static final int WRITERS = 6;
    private static final int EVENTS_OF_A_LIFE = 600;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} shards")
    @ValueSource(ints = {1, 3})
    void everyAnsweredAppendIsThereOnce(int shards) throws Exception {
        try (var killer = new Killer("appends, shards " + shards);
                var server = new ServerProcess(folder, shards, Audit.PROJECTION, "")) {
            var api = new Api(server);
            server.start();
            server.awaitReady();
            try (var follower = new Follower(api, server, "order")) {
                var writers = writeThroughKills(api, server, killer, follower::count);
                var log = api.events("order");
                follower.awaitCount(log.events().size());

                audit(writers, log.events());
                Audit.followed(log.events(), follower.seen());
                Audit.folded(log.events(), api.rows("by-customer", log.cursor()));
            }
            server.blockedLines().forEach(System.out::println);
            assertThat(server.errorLines()).isEmpty();
            assertThat(server.stop()).as("exit code after SIGTERM").isIn(0, 143);
        }
    }

    private static List<AppendingClient> writeThroughKills(
            Api api, ServerProcess server, Killer killer, IntSupplier progress) throws Exception {
        var threads = Executors.newFixedThreadPool(WRITERS);
        try {
            var writers = new ArrayList<AppendingClient>();
            for (int i = 0; i < WRITERS; i++) {
                writers.add(new AppendingClient(api, server, i, killer.random().nextLong()));
            }
            var running = writers.stream().map(threads::submit).toList();
            for (int i = 0; i < Killer.kills(); i++) {
                killer.killOnce(server, progress, EVENTS_OF_A_LIFE);
            }
            server.awaitReady();
            writers.forEach(AppendingClient::stop);
            for (var each : running) {
                each.get(60, TimeUnit.SECONDS);
            }
            return writers;
        } finally {
            threads.shutdownNow();
        }
    }

    private static void audit(List<AppendingClient> writers, List<SeenEvent> events) {
        Audit.ordered(events);
        var byAppend = events.stream()
                .collect(Collectors.groupingBy(
                        event -> event.data().required("append").textValue()));
        int answered = 0;
        for (var writer : writers) {
            for (var append : writer.appends()) {
                var found = byAppend.remove(append.id());
                if (found != null) {
                    assertThat(found).as("events of append %s", append.id()).hasSize(append.count());
                    inOneRun(found);
                }
                if (append.firstPosition() != null) {
                    answered++;
                    assertThat(found).as("answered append %s", append.id()).isNotNull();
                    assertThat(found.get(0).position()).isEqualTo(append.firstPosition());
                }
            }
        }

        assertThat(byAppend).as("events that nobody appended").isEmpty();
        System.out.println(answered + " appends answered, " + events.size() + " events, "
                + writers.stream().mapToLong(AppendingClient::unknownOutcomes).sum() + " outcomes unknown at first");
        assertThat(answered).as("the load was real").isGreaterThan(10 * Killer.kills());
    }

    private static void inOneRun(List<SeenEvent> append) {
        for (int i = 0; i < append.size(); i++) {
            assertThat(append.get(i).offset()).isEqualTo(append.get(0).offset() + i);
            assertThat(append.get(i).version()).isEqualTo(append.get(0).version() + i);
            assertThat(append.get(i).data().required("index").intValue()).isEqualTo(i);
        }
    }
}
