package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A child process that appends and ingests is killed, again and again; then the log is audited against what it had answered. */
class KillTest {
    private static final int KILLS = Integer.getInteger("log.kills", 3);

    @TempDir
    Path folder;

    /** Where the child unpacks RocksDB's library, which it leaves behind. */
    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void keepsWhatItAnsweredAndNothingTwice(int shards) throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        Map<String, String> acknowledged = new HashMap<>();

        for (int kill = 0; kill < KILLS; kill++) {
            runAndKill(shards, kill, 200 + random.nextInt(6_000), acknowledged);
            audit(shards, acknowledged);
        }
    }

    private void runAndKill(int shards, int round, int answers, Map<String, String> acknowledged)
            throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx256m",
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        folder.toString(),
                        String.valueOf(shards),
                        String.valueOf(round))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int count = 0;
        try (var out = new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                String[] parts = line.split(" ");
                if (parts.length == 3 && parts[2].equals(".")) {
                    acknowledged.put(parts[0], parts[1]);
                }
                if (++count == answers) {
                    child.toHandle().destroyForcibly();
                }
            }
        }
        assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(count).isGreaterThanOrEqualTo(answers);
    }

    private void audit(int shards, Map<String, String> acknowledged) {
        try (var log = Log.open(folder, LogOptions.defaults().withShards(shards))) {
            Map<String, String> found = new HashMap<>();
            Map<String, Long> versions = new HashMap<>();
            Set<Integer> ingested = new HashSet<>();
            for (int shard = 0; shard < shards; shard++) {
                long at = 0;
                Tail tail = log.shard(shard).tail(0);
                for (var events = tail.poll(1000); !events.isEmpty(); events = tail.poll(1000)) {
                    for (RecordedEvent event : events) {
                        assertThat(event.offset()).isEqualTo(++at);
                        assertThat(event.version()).isEqualTo(versions.merge(event.stream(), 1L, Long::sum));
                        assertThat(found.put(event.id(), event.position().toString()))
                                .as(event.id())
                                .isNull();
                    }
                }
                assertThat(at).isEqualTo(log.head().offset(shard));
                var mark = log.shard(shard).watermark("source", "topic", 0);
                int upTo = mark == null ? 0 : (int) mark.next();
                for (int record = 0; record < upTo; record++) {
                    if (log.shardOf(Child.streamOf(record)) == shard) {
                        assertThat(found).containsKey("record-" + record);
                        ingested.add(record);
                    }
                }
            }
            assertThat(found).containsAllEntriesOf(acknowledged);
            assertThat(found.keySet().stream().filter(id -> id.startsWith("record-")))
                    .hasSize(ingested.size());
            versions.forEach(
                    (stream, version) -> assertThat(log.version(stream)).isEqualTo(version));
        }
    }

    /** Appends with 64 under way and ingests, printing "id position ." for each answer, until it is killed. */
    static final class Child {
        public static void main(String[] args) throws InterruptedException {
            int shards = Integer.parseInt(args[1]);
            var log = Log.open(
                    Path.of(args[0]), LogOptions.defaults().withShards(shards), new Shard.Seams(disk -> disk, 1_000));
            for (int shard = 0; shard < shards; shard++) {
                ingest(log, shard);
            }
            var permits = new Semaphore(64);
            for (long i = 0; ; i++) {
                permits.acquire();
                String id = "append-" + args[2] + "-" + i;
                log.append(new Append(
                                id,
                                1,
                                List.of(new Append.StreamWrite(
                                        "order-" + i % 50, Expected.ANY, List.of(Sample.event(id))))))
                        .whenComplete((appended, failure) -> {
                            permits.release();
                            if (failure == null) {
                                say(id + " " + appended.first() + " .");
                            }
                        });
            }
        }

        static String streamOf(int record) {
            return "item-" + record % 40;
        }

        private static void ingest(Log log, int shard) {
            var mark = log.shard(shard).watermark("source", "topic", 0);
            int from = mark == null ? 0 : (int) mark.next();
            int next = from + 20;
            List<SourceBatch.SourceEvent> records = new ArrayList<>();
            for (int record = Math.max(0, from - 5); record < next; record++) {
                if (log.shardOf(streamOf(record)) == shard) {
                    records.add(new SourceBatch.SourceEvent(
                            record, streamOf(record), Expected.ANY, Sample.event("record-" + record), null));
                }
            }
            var batch = new SourceBatch("source", "c", "t", "topic", 0, Math.max(0, from - 5), next, false, records);
            log.shard(shard).ingest(batch).thenRun(() -> ingest(log, shard));
        }

        private static synchronized void say(String line) {
            System.out.println(line);
        }
    }
}
