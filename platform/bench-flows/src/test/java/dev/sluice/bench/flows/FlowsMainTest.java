package dev.sluice.bench.flows;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowsMainTest {
    @TempDir
    Path folder;

    @Test
    void endsEveryInstanceAfterItsThreeTasks() throws InterruptedException {
        var program = new FlowsMain(List.of(
                "5",
                "2",
                "jdbc.url=jdbc:hsqldb:file:" + folder.resolve("flows") + ";hsqldb.tx=mvcc",
                "jdbc.user=sa",
                "executor.threads=2",
                "executor.queue=16",
                "executor.acquire=8",
                "starters=2",
                "order.bytes=256"));

        assertThat(program.run()).isEqualTo(15);
    }
}
