package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
    @TempDir
    Path folder;

    @Test
    void flagsWinOverEnvironmentAndEnvironmentOverFile() throws IOException {
        Path file = file("http: { port: 1001 }\nlog: { shards: 3, queue: 100 }\nws: { ping: 5s }\n");

        var config = Config.load(
                file, null, Map.of("SLUICE_HTTP_PORT", "1002", "SLUICE_LOG_SHARDS", "5"), Map.of("http.port", "1003"));

        assertThat(config.number(ConfigKey.HTTP_PORT)).isEqualTo(1003);
        assertThat(config.number(ConfigKey.LOG_SHARDS)).isEqualTo(5);
        assertThat(config.number(ConfigKey.LOG_QUEUE)).isEqualTo(100);
        assertThat(config.duration(ConfigKey.WS_PING)).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.size(ConfigKey.HTTP_MAX_BODY)).isEqualTo(16 << 20);
        assertThat(config.entries())
                .contains(
                        new Config.Entry("http.port", "1003", "flag"),
                        new Config.Entry("log.shards", "5", "environment SLUICE_LOG_SHARDS"),
                        new Config.Entry("log.queue", "100", file + ":2"),
                        new Config.Entry("ws.maxWindow", "4096", "default"));
    }

    @Test
    void namesEnvironmentVariablesAfterTheirPath() {
        assertThat(ConfigKey.KAFKA_BOOTSTRAP_SERVERS.environmentName()).isEqualTo("SLUICE_KAFKA_BOOTSTRAP_SERVERS");
        assertThat(ConfigKey.LOG_APPEND_ID_RETENTION.environmentName()).isEqualTo("SLUICE_LOG_APPEND_ID_RETENTION");
    }

    @Test
    void validatingReadsTheDefinitionsOfProjections() throws IOException {
        Files.writeString(folder.resolve("a.yaml"), "projection: p\nfrom: all\nfold: { T: { n: count() } }\n");
        int good = ProjectionFiles.check(List.of(folder));
        Path bad = Files.writeString(folder.resolve("b.yaml"), "projection: q\nfold: 1\n");

        assertThat(good).isOne();
        assertThatThrownBy(() -> ProjectionFiles.check(List.of(folder)))
                .isInstanceOf(Failure.class)
                .hasMessageContaining(bad.toString());
    }

    @Test
    void masksSecretsAndPassesPropertiesThrough() throws IOException {
        var config = Config.load(file("""
                        kafka:
                          bootstrapServers: 127.0.0.1:9092
                          properties: { sasl.jaas.config: hush, client.rack: r1 }
                        """), null, Map.of(), Map.of());

        assertThat(config.kafkaConnection())
                .containsEntry("bootstrapServers", "127.0.0.1:9092")
                .containsEntry("sasl.jaas.config", "hush");
        assertThat(config.entries().toString()).contains("r1").doesNotContain("hush");
    }

    @Test
    void readsSourcesAndLetsTheFilesOwnWinOverTheSamples() throws IOException {
        Path samples = Files.createDirectory(folder.resolve("samples"));
        Files.writeString(samples.resolve("sources.yaml"), """
                sources:
                  - { name: orders, topics: [orders] }
                  - { name: payments, topics: [payments] }
                """);

        var config = Config.load(
                file("kafka: { sources: [ { name: orders, topics: [mine, yours] } ] }"), samples, Map.of(), Map.of());

        assertThat(config.topics())
                .isEqualTo(List.of("mine", "yours", "payments", "mine.dlq", "yours.dlq", "payments.dlq"));
        assertThat(config.projectionFolders())
                .containsExactly(folder.toAbsolutePath().resolve("projections"), samples.resolve("projections"));
    }

    @Test
    void readsParticipantsAndShowsNoHeader() throws IOException {
        var config = Config.load(file("""
                        http:
                          upstreams:
                            payments: { url: 'http://pay/v2', timeout: 5s, headers: { Authorization: hush } }
                        kafka:
                          commands:
                            - { topic: shipping, maxWaiting: 7 }
                            - { topic: mail, replyTopic: sent }
                        """), null, Map.of(), Map.of());

        assertThat(config.participants().upstreams()).singleElement().satisfies(upstream -> {
            assertThat(upstream.name()).isEqualTo("payments");
            assertThat(upstream.timeoutMillis()).isEqualTo(5_000);
            assertThat(upstream.headers()).containsEntry("Authorization", "hush");
        });
        assertThat(config.topics()).isEqualTo(List.of("shipping", "shipping.replies", "mail", "sent"));
        assertThat(config.entries().toString())
                .contains("http.upstreams.payments.headers.Authorization", "kafka.commands[shipping].maxWaiting")
                .doesNotContain("hush");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`http: { upstreams: { A: { url: 'http://a' } } }` | :1: http.upstreams.A.name: found 'A', expected 1 to 63 of",
                "`http: { upstreams: { a: {} } }`  | :1: http.upstreams.a.url: found '', expected http://HOST",
                "`http: { upstreams: { a: { url: 'http://a', headers: { Host: b } } } }` | :1: http.upstreams.a.headers: found 'Host'",
                "`kafka: { commands: [ {} ] }`     | :1: kafka.commands[].topic: found ''",
                "`kafka: { commands: [ { topic: a, replies: b } ] }` | :1: kafka.commands[].replies: found 'an unknown key'",
                "`kafka: { commands: [ { topic: a }, { topic: b, replyTopic: a.replies } ] }` | :1: kafka.commands[].topic: found 'b' with replies on 'a.replies', expected topics that no other entry has",
                "`http: { port: many }`            | :1: http.port: found 'many', expected a whole number from 0 to 65535",
                "`http: { port: 70000 }`           | :1: http.port: found '70000', expected a whole number from 0 to 65535",
                "`http: { prot: 1 }`               | :1: found unknown key 'http.prot', expected one of allowedHosts, allowedOrigins, host, maxBody, port",
                "`cache: {}`                       | :1: found unknown key 'cache', expected one of commands, data, http, kafka, log",
                "`http: [1]`                       | :1: http: found a list, expected keys and values",
                "`http: { port: [1] }`             | :1: http.port: found a list, expected a single value",
                "`http: { allowedHosts: a }`       | :1: http.allowedHosts: found 'a', expected a list",
                "`log: { maxEvent: 5 miles }`      | found '5 miles', expected a size with unit",
                "`log: { maxEvent: 999999999999GiB }` | found '999999999999GiB', expected a size from 1KiB to 64MiB",
                "`ws: { ping: 5 }`                 | found '5', expected a duration with unit",
                "`ws: { ping: 999999999999d }`     | found '999999999999d', expected a duration from 100ms to 1h",
                "`data: { dir: '' }`               | :1: data.dir: found '', expected a text such as ./data",
                "`http: { port: 1, port: 2 }`      | found the key twice",
                "`http: { port: 1`                 | found text that is not YAML",
                "`http: { host: 0.0.0.0 }`         | or the flag --insecure",
                "`kafka: { sources: [ {} ] }`      | found a source without a name",
                "`kafka: { sources: [ { name: a, topics: [ t ], onConflict: no } ] }` | :1: kafka.sources[a].onConflict: found 'no'",
            })
    void refusesWithFileLineKeyAndWhatWasExpected(String yaml, String message) throws IOException {
        Path file = file(yaml);

        assertThatThrownBy(() -> Config.load(file, null, Map.of(), Map.of()))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.CONFIG_INVALID))
                .hasMessageContaining(message)
                .hasMessageContaining(file.toString());
    }

    @Test
    void listensBeyondLoopbackOnlyWhenTold() throws IOException {
        var config = Config.load(file("http: { host: 0.0.0.0 }"), null, Map.of(), Map.of(Config.INSECURE, "true"));

        assertThat(config.text(ConfigKey.HTTP_HOST)).isEqualTo("0.0.0.0");
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("sluice.yaml"), yaml);
    }
}
