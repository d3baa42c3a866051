package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.server.Config;
import dev.sluice.server.Wiring;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of those who operate the mesh, against a real server. */
class MeshCliTest {
    private static final String POLICIES = """
            policies:
              - name: append
                match: { address: "shard.*.append" }
                outbound: { breaker: {}, rateLimit: [ { name: all, capacity: 1000 } ] }
                inbound: { concurrency: { fixed: 50 } }
            """;

    @TempDir
    private Path folder;

    private Wiring server;
    private Shell pipe;

    @BeforeEach
    void start() {
        var flags = Map.of("http.port", "0", "data.dir", folder.resolve("data").toString());
        server = Wiring.start(Config.load(null, null, Map.of(), flags));
        pipe = Shell.at("http://127.0.0.1:" + server.port());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String file(String text) throws IOException {
        return Files.writeString(folder.resolve("policies.yaml"), text).toString();
    }

    @Test
    void appliesListsAndExplainsPolicies() throws IOException {
        var applied = pipe.run("policies", "apply", file(POLICIES));
        var late = pipe.run("policies", "apply", file(POLICIES), "--expect", "7");
        var listed = pipe.run("policies", "ls");
        var explained = pipe.asTerminal().run("policies", "explain", "shard.0.append", "-o", "table");

        assertThat(Json.parseObject(applied.output())).containsEntry("version", 1L);
        assertThat(late.exit()).isEqualTo(4);
        assertThat(Json.parseObject(listed.output())).containsEntry("name", "append");
        assertThat(explained.output()).contains("append", "shard.*.append", "rateLimit, breaker", "http:2");
    }

    @Test
    void aBadFileIsRefusedWithFileAndLineAndANextStep() throws IOException {
        var refused = pipe.run("policies", "apply", file("policies:\n  - { name: a }\n"), "--source", "mine");

        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.errors()).contains("definition_invalid: mine:2:").contains("\n  next: ");
        assertThat(pipe.run("policies", "ls").output()).isEmpty();
    }

    @Test
    void aFileThatIsNotThereOrNoTextIsRefused() throws IOException {
        Path bytes = Files.write(folder.resolve("bytes.yaml"), new byte[] {(byte) 0xff});

        var missing = pipe.run("policies", "apply", "/nope");
        var malformed = pipe.run("policies", "apply", bytes.toString());

        assertThat(missing.exit()).isEqualTo(2);
        assertThat(missing.errors()).contains("found no file /nope, expected a file with policies");
        assertThat(malformed.errors()).contains("found other bytes than UTF-8 in ");
    }

    @Test
    void aDryRunShowsWhatWouldChange() throws IOException {
        pipe.run("policies", "apply", file(POLICIES));
        pipe.run("append", "order-1", "T", "a=1");
        pipe.run("append", "order-1", "T", "a=1");

        var tried = pipe.asTerminal()
                .run("policies", "dry-run", file(POLICIES.replace("1000", "1, refill: 1/1d")), "-o", "table");

        assertThat(tried.exit()).as(tried.errors()).isZero();
        assertThat(tried.output()).contains("changed append", "2 attempts replayed", "0 → 1");
    }

    @Test
    void opensShowsAndResetsABreaker() throws IOException {
        pipe.run("policies", "apply", file(POLICIES));
        var nobody = pipe.run("breakers", "show", "shard.0.append");
        pipe.run("append", "order-1", "T", "a=1");

        var opened = pipe.run("breakers", "open", "shard.0.append", "--reason", "a look");
        var refused = pipe.run("append", "order-1", "T", "a=1");
        var shown = pipe.run("breakers", "ls", "-o", "table");
        pipe.run("breakers", "reset", "shard.0.append");

        assertThat(nobody.exit()).isEqualTo(3);
        assertThat(nobody.errors()).contains("sluice breakers ls");
        assertThat(Json.parseObject(opened.output())).containsEntry("mode", "forced_open");
        assertThat(shown.output()).contains("by an operator");
        assertThat(refused.exit()).isEqualTo(6);
        assertThat(refused.errors()).contains("opened by an operator");
        assertThat(pipe.run("append", "order-1", "T", "a=1").exit()).isZero();
        await().until(() ->
                pipe.run("breakers", "show", "shard.0.append").output().contains("\"cause\":\"forced_open\""));
        assertThat(Json.parseObject(pipe.run("breakers", "ls").output())).containsEntry("state", "closed");
    }

    @Test
    void showsTheLimitsOfAPolicyOrAnAddress() throws IOException {
        pipe.run("policies", "apply", file(POLICIES));
        pipe.run("append", "order-1", "T", "a=1");

        var all = pipe.run("limits", "ls", "--json");
        var ofAddress = pipe.run("limits", "show", "shard.0.append");
        var none = pipe.run("limits", "show", "nobody");

        assertThat(Json.list(Json.parse(all.output()))).hasSize(2);
        assertThat(Json.parseObject(ofAddress.output())).containsEntry("kind", "concurrency");
        assertThat(none.exit()).isEqualTo(3);
        assertThat(none.errors()).contains("sluice limits ls");
    }

    @Test
    void listsInstances() throws IOException {
        pipe.run("policies", "apply", file(POLICIES));
        pipe.run("append", "order-1", "T", "a=1");

        var all = pipe.run("instances", "ls", "--json");

        assertThat(all.exit()).as(all.errors()).isZero();
        assertThat(Json.list(Json.parse(all.output())))
                .map(Json::object)
                .filteredOn(instance -> "shard.0.append".equals(instance.get("address")))
                .singleElement()
                .satisfies(instance ->
                        assertThat(instance).containsEntry("state", "up").containsEntry("picks", 1L));
    }
}
