package dev.sluice.command;

import static dev.sluice.command.CommandHouse.answer;
import static dev.sluice.command.CommandHouse.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.command.Stock.Reserve;
import dev.sluice.log.Failure;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where states come from: memory, snapshots, events; and preparations that read them. */
class StatesTest {
    private static final String TEN = "{\"quantity\":10}";
    private static final String RESERVE = "{\"order\":\"o1\",\"quantity\":3}";

    @TempDir
    Path folder;

    private final AtomicInteger folded = new AtomicInteger();

    private Aggregate.Builder<Stock.Command, Stock.Event, Stock> counting(int version) {
        Decider<Stock.Command, Stock.Event, Stock> counting = new Decider<>() {
            @Override
            public Stock initial() {
                return Stock.RULES.initial();
            }

            @Override
            public Stock evolve(Stock state, Stock.Event event) {
                folded.incrementAndGet();
                return Stock.RULES.evolve(state, event);
            }

            @Override
            public Decision<Stock.Event> decide(Stock.Command command, Stock state) {
                return Stock.RULES.decide(command, state);
            }
        };
        return Aggregate.of("stock", counting)
                .commands(Stock.Command.class)
                .events(Stock.Event.class)
                .version(version)
                .snapshotEvery(10, Stock.class);
    }

    @Test
    void foldsOnlyWhatLiesBehindTheSnapshot() {
        try (var house = CommandHouse.of(folder, counting(1).build())) {
            for (int i = 0; i < 25; i++) {
                house.send("Receive", "stock-1", TEN);
            }
        }

        folded.set(0);
        try (var house = CommandHouse.of(folder, counting(1).build())) {
            var answer = house.send("Reserve", "stock-1", "{\"order\":\"o1\",\"quantity\":251}");
            assertThat(answer.rejection()).isNotNull();
            assertThat(answer.rejection().details()).containsEntry("free", 250);
            assertThat(folded).hasValue(5);
        }

        folded.set(0);
        try (var house = CommandHouse.of(folder, counting(2).build())) {
            assertThat(house.send("Reserve", "stock-1", "{\"order\":\"o1\",\"quantity\":250}")
                            .outcome())
                    .isEqualTo(Outcome.ACCEPTED);
            assertThat(folded).as("of another version of the definition").hasValue(26);
        }
    }

    @Test
    void foldsAgainWhatIsNotHeld() {
        try (var house = new CommandHouse(folder, 1, 0)) {
            house.room().register(counting(1).build());
            house.send("Receive", "stock-1", TEN);
            house.send("Receive", "stock-1", TEN);

            assertThat(house.send("Reserve", "stock-1", "{\"order\":\"o1\",\"quantity\":20}")
                            .outcome())
                    .isEqualTo(Outcome.ACCEPTED);
        }
    }

    @Test
    void preparesUponTheStateThatTheCommandIsDecidedUpon() {
        var runs = new AtomicInteger();
        var overtaking = new AtomicInteger();
        var house = new CommandHouse(folder, 1, 100);
        house.room()
                .register(Stock.aggregate()
                        .prepare(
                                Reserve.class, (reserve, reads) -> reads.state().compose(stock -> {
                                    runs.incrementAndGet();
                                    var prepared = new Reserve(reserve.order(), stock.free(), Optional.empty());
                                    return overtaking.getAndDecrement() > 0
                                            ? house.ask("Receive", request(reads.stream(), TEN, null))
                                                    .map(prepared)
                                            : Future.succeededFuture(prepared);
                                }))
                        .build());
        try (house) {
            house.send("Receive", "stock-1", TEN);
            overtaking.set(2);
            var all = house.send("Reserve", "stock-1", RESERVE, "c1");
            assertThat(new String(all.events().get(0).data(), java.nio.charset.StandardCharsets.UTF_8))
                    .contains("\"quantity\":30");
            assertThat(runs).hasValue(3);

            assertThat(house.send("Reserve", "stock-1", RESERVE, "c1").outcome())
                    .isEqualTo(Outcome.DUPLICATE);
            assertThat(runs).as("a repetition is not prepared").hasValue(3);

            overtaking.set(100);
            var refused = house.refusal(house.ask("Reserve", request("stock-2", RESERVE, "c2")));
            assertThat(refused.kind()).isEqualTo(Failure.Kind.OVERLOADED);
            assertThat(runs).hasValue(7);
            assertThat(answer(house.ask("Receive", request("stock-2", TEN, null)))
                            .version())
                    .isEqualTo(5);
        }
    }
}
