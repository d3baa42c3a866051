package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The tests of client.js that need no server, in Node. */
class ClientScriptTest {
    @Test
    void theTestsOfTheClientPass() {
        var node = NodeScript.installed("ClientScriptTest");
        assumeTrue(node.isPresent(), "no Node");

        try (var tests = NodeScript.start(
                node.get(),
                Map.of(),
                "--test",
                NodeScript.script("client.test.mjs").toString())) {
            int exitCode = tests.awaitEnd();

            assertThat(exitCode).as(tests.said()).isZero();
        }
    }
}
