package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class PolicyFilePropertyTest {
    private static final List<String> PARTS =
            List.of("{", "}", "[", "]", ":", ",", "- ", "\n", "  ", "&a ", "*a", "!!x", "**", "0", "9", "ms", "~");

    @Property(tries = 2_000)
    void whateverStandsThereIsReadOrRefused(@ForAll long seed) {
        var random = new Random(seed);
        var text = new StringBuilder(PolicyFileTest.FULL);
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            int from = random.nextInt(text.length());
            int to = Math.min(text.length(), from + random.nextInt(12));
            text.replace(from, to, PARTS.get(random.nextInt(PARTS.size())));
        }

        try {
            PolicySet.compile(PolicyFile.read(text.toString(), "p.yaml"));
        } catch (Failure refused) {
            assertThat(refused.kind()).isEqualTo(Failure.Kind.DEFINITION_INVALID);
        }
    }
}
