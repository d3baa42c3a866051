package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ErrorCodesTest {
    @Test
    void theDocumentListsEveryCodeAsTheCodeHasIt() throws Exception {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("platform/docs/errors.md"))) {
            folder = folder.getParent();
        }

        var rows = Files.readAllLines(folder.resolve("platform/docs/errors.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(0, line.indexOf('|', nth(line, 4) + 1) + 1))
                .toList();

        var expected = Arrays.stream(Failure.Kind.values())
                .map(kind -> "| `%s` | %d | %d | %s |"
                        .formatted(kind.code(), kind.httpStatus(), kind.exitCode(), kind.retryable() ? "yes" : "no"))
                .toList();
        assertThat(rows).containsExactlyElementsOf(expected);
    }

    private static int nth(String line, int count) {
        int at = -1;
        for (int i = 0; i < count; i++) {
            at = line.indexOf('|', at + 1);
        }
        return at;
    }
}
