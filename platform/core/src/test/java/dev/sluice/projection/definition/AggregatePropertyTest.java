package dev.sluice.projection.definition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** Whatever the order in which shards are interleaved, the same events make the same cell; what is taken back leaves no trace. */
class AggregatePropertyTest {
    private static final int LIST_SIZE = 5;

    /** A value and where its event stands. */
    private record Step(@Nullable Object value, long recordedMicros, int shard, long offset) {}

    @Property(tries = 500)
    void anyInterleavingOfShardsMakesTheSameCell(@ForAll Aggregate aggregate, @ForAll long seed) {
        var random = new Random(seed);
        var shards = IntStream.range(0, 3)
                .mapToObj(shard -> steps(shard, aggregate.takesNumbers(), random))
                .toList();

        var one = cell(aggregate, interleaved(shards, random));
        var other = cell(aggregate, interleaved(shards, random));

        assertThat(shown(one)).isEqualTo(shown(other));
    }

    @Property(tries = 500)
    void whatIsTakenBackLeavesASumAsItWas(@ForAll long seed) {
        var random = new Random(seed);
        var kept = steps(0, true, random);
        var taken = steps(1, true, random);

        var steps = new ArrayList<>(kept);
        steps.addAll(taken);
        taken.forEach(step -> steps.add(new Step(
                step.value() instanceof Decimal number ? number.negated() : null,
                step.recordedMicros(),
                2,
                step.offset())));
        Collections.shuffle(steps, random);

        assertThat(shown(cell(Aggregate.SUM, steps))).isEqualTo(shown(cell(Aggregate.SUM, kept)));
    }

    private static List<Step> steps(int shard, boolean onlyNumbers, Random random) {
        var steps = new ArrayList<Step>();
        long micros = 0;
        for (int offset = 1; offset <= random.nextInt(30); offset++) {
            micros += random.nextInt(3);
            steps.add(new Step(value(onlyNumbers, random), micros, shard, offset));
        }
        return steps;
    }

    private static @Nullable Object value(boolean onlyNumbers, Random random) {
        return switch (random.nextInt(onlyNumbers ? 3 : 6)) {
            case 0 -> null;
            case 1, 2 -> Decimal.of(random.nextInt(20), random.nextInt(3));
            case 3 -> "text" + random.nextInt(5);
            case 4 -> random.nextBoolean();
            default -> new Time(random.nextInt(10));
        };
    }

    /** Each shard's order is kept. */
    private static List<Step> interleaved(List<List<Step>> shards, Random random) {
        var left = new ArrayList<List<Step>>();
        shards.forEach(shard -> left.add(new ArrayList<>(shard)));
        var steps = new ArrayList<Step>();
        while (left.stream().anyMatch(shard -> !shard.isEmpty())) {
            var shard = left.get(random.nextInt(left.size()));
            if (!shard.isEmpty()) {
                steps.add(shard.remove(0));
            }
        }
        return steps;
    }

    private static @Nullable Object cell(Aggregate aggregate, List<Step> steps) {
        Object cell = aggregate.empty();
        for (var step : steps) {
            cell = aggregate.step(cell, step.value(), LIST_SIZE, step.recordedMicros(), step.shard(), step.offset());
        }
        return cell;
    }

    private static String shown(@Nullable Object cell) {
        return String.valueOf(Aggregate.shown(cell));
    }
}
