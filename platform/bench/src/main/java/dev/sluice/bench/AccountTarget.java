package dev.sluice.bench;

import dev.sluice.bus.Call;
import dev.sluice.command.Aggregate;
import dev.sluice.command.CommandRequest;
import dev.sluice.command.CommandRoom;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Commands over the mesh to aggregates that count: each with an id, each decided upon the state, each leading to one event. */
final class AccountTarget implements AppendTarget {
    private static final int AT_ONCE = 500;

    record Pay(String order, long cents) {}

    record Paid(String order, long cents, long sum) {}

    private static final class Rules implements Decider<Pay, Paid, Long> {
        @Override
        public Long initial() {
            return 0L;
        }

        @Override
        public Long evolve(Long sum, Paid event) {
            return event.sum();
        }

        @Override
        public Decision<Paid> decide(Pay command, Long sum) {
            return command.cents() > 0
                    ? Decision.accept(new Paid(command.order(), command.cents(), sum + command.cents()))
                    : Decision.reject("nothing_paid", "found " + command.cents() + " cents, expected some");
        }
    }

    private final Rooms rooms;
    private final CommandRoom commands;

    /**
     * Every aggregate has had a command when it is made.
     *
     * @param states how many are held in memory
     */
    AccountTarget(Path folder, int accounts, int states) {
        rooms = new Rooms(folder);
        commands = rooms.commands(states);
        commands.register(Aggregate.of("account", new Rules())
                .command(Pay.class)
                .event(Paid.class)
                .build());
        for (int first = 0; first < accounts; first += AT_ONCE) {
            Rooms.await(Future.all(IntStream.range(first, Math.min(accounts, first + AT_ONCE))
                    .mapToObj(account -> pay(account, "first"))
                    .toList()));
        }
    }

    private Future<?> pay(int account, String id) {
        byte[] json = ("{\"order\":\"" + id + "\",\"cents\":1299}").getBytes(StandardCharsets.UTF_8);
        return commands.ask("Pay", CommandRequest.of("account-" + account, json, id), Call.PLAIN);
    }

    @Override
    public void append(int stream, byte[] order, Done done) {
        pay(stream, OrderData.idOf(order)).onComplete(answer -> done.done(answer.cause()));
    }

    @Override
    public void close() {
        Rooms.await(commands.close());
        rooms.close();
    }
}
