package dev.sluice.projection.row;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Definition.Aggregated;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LayersTest {
    private static final int STEPS = 60_000;
    private static final int BATCH = 50;
    private static final long BUDGET_BYTES = 600_000;

    private final Columns columns = new Columns(List.of(new Aggregated("pad", Aggregate.MAX, 0)), List.of());
    private final RowBudget budget = new RowBudget(BUDGET_BYTES);
    private final Layers layers = new Layers(columns, 0, budget, 0);
    private final ByteWriter encoder = new ByteWriter();
    private final Map<String, String> model = new HashMap<>();
    private final Set<String> unwritten = new HashSet<>();

    @Test
    void holdsWhatTheStoreDoesNotHaveAndNothingThatIsOutOfDate() {
        long seed = Long.getLong("layers.seed", System.nanoTime());
        var random = new Random(seed);
        System.out.println("LayersTest seed " + seed);

        for (int change = 1; change <= STEPS; change++) {
            String key = "k" + random.nextInt(random.nextInt(4) == 0 ? 50_000 : 200) + (change % 7 == 0 ? "é" : "");
            put(key, "x".repeat(random.nextInt(200)) + change, change);
            if (change % BATCH == 0) {
                layers.settle();
                writeSometimes(random, change);
                check(random);
            }
        }

        assertThat(budget.isExceeded()).isFalse();
        assertThat(model.keySet().stream().filter(key -> layers.find(key) == RowTable.NONE))
                .isNotEmpty();
    }

    private void put(String key, String pad, long change) {
        long place = layers.find(key);
        Columns.begin(encoder, change, Long.MAX_VALUE);
        columns.write(encoder, new Object[] {pad});
        layers.put(new Draft(key, place, layers.read(place)), encoder, change, null);
        model.put(key, pad);
        unwritten.add(key);
    }

    private void writeSometimes(Random random, long change) {
        if (layers.frozen() != null) {
            layers.thaw();
        } else if (random.nextInt(10) == 0) {
            layers.freeze(change);
            unwritten.clear();
        }
    }

    private void check(Random random) {
        for (String key : random.nextInt(50) == 0 ? model.keySet() : unwritten) {
            var row = layers.row(layers.find(key));
            assertThat(row == null && !unwritten.contains(key)
                            || row != null && model.get(key).equals(row.shown("pad")))
                    .as(key)
                    .isTrue();
            assertThat(layers.newest(key)).hasSize(unwritten.contains(key) ? 1 : 0);
        }
    }
}
