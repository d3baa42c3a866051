package dev.sluice.command;

import static dev.sluice.command.CommandHouse.answer;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many senders, few aggregates, duplicates in flight, several shards, appends past the room, a memory too small, restarts: at most one
 * append for each command id, the same answer to every duplicate, and a log in which every command was decided upon the fold of what lies
 * before it. {@code -Dcommands.rounds=500} runs it for longer, {@code -Dcommands.seed=N} runs one again.
 */
class CommandPropertyTest {
    private static final int ROUNDS = Integer.getInteger("commands.rounds", 3);
    private static final int SENT = 300;
    private static final ObjectMapper JSON = Mapping.EVENTS;

    @TempDir
    Path folder;

    /** A command with its id; equal ones are duplicates. */
    private record Sent(String type, String stream, String id, String json) {}

    @Test
    void decidesEachCommandOnceAndUponWhatLiesBefore() {
        for (int round = 0; round < ROUNDS; round++) {
            long seed = Long.getLong("commands.seed", System.nanoTime());
            try {
                run(folder.resolve("round-" + round), new Random(seed));
            } catch (AssertionError | RuntimeException broken) {
                throw new AssertionError("-Dcommands.seed=" + seed, broken);
            }
        }
    }

    private static void run(Path log, Random random) {
        var answers = new HashMap<Sent, List<CommandAnswer>>();
        var ids = new ArrayList<Sent>();
        int shards = 1 + random.nextInt(3);
        int states = random.nextInt(3) == 0 ? 1 : 100;
        for (int life = 0; life < 2; life++) {
            try (var house = open(log, shards, states)) {
                var sent = new ArrayList<Sent>();
                var asked = new ArrayList<Future<CommandAnswer>>();
                for (int i = 0; i < SENT; i++) {
                    var next = !ids.isEmpty() && random.nextInt(4) == 0
                            ? ids.get(random.nextInt(ids.size()))
                            : command(random, ids.size());
                    ids.add(next);
                    sent.add(next);
                    asked.add(house.ask(next.type(), request(next)));
                    if (random.nextInt(20) == 0) {
                        house.append("stock-" + random.nextInt(4), "Received", "{\"quantity\":5}");
                    }
                }
                for (int i = 0; i < sent.size(); i++) {
                    answers.computeIfAbsent(sent.get(i), none -> new ArrayList<>())
                            .add(answered(house, sent.get(i), asked.get(i)));
                }
                check(house, answers);
            }
        }
    }

    /** A stream that others change all the time is asked of again, as a client does. */
    private static CommandAnswer answered(CommandHouse house, Sent sent, Future<CommandAnswer> asked) {
        try {
            return answer(asked);
        } catch (Failure busy) {
            assertThat(busy.kind()).isEqualTo(Failure.Kind.OVERLOADED);
            return answered(house, sent, house.ask(sent.type(), request(sent)));
        }
    }

    private static CommandHouse open(Path log, int shards, int states) {
        var house = new CommandHouse(log, shards, states);
        house.room().register(Stock.aggregate().snapshotEvery(7, Stock.class).build());
        return house;
    }

    private static Sent command(Random random, int number) {
        String stream = "stock-" + random.nextInt(4);
        String order = "o" + random.nextInt(20);
        return switch (random.nextInt(4)) {
            case 0 -> new Sent("Receive", stream, "c" + number, "{\"quantity\":" + (1 + random.nextInt(5)) + "}");
            case 1 -> new Sent("Release", stream, "c" + number, "{\"order\":\"" + order + "\"}");
            default ->
                new Sent(
                        "Reserve",
                        stream,
                        "c" + number,
                        "{\"order\":\"" + order + "\",\"quantity\":" + (1 + random.nextInt(6)) + "}");
        };
    }

    private static CommandRequest request(Sent sent) {
        boolean isOfSaga = sent.id().hashCode() % 2 == 0;
        return new CommandRequest(
                sent.stream(),
                sent.json().getBytes(StandardCharsets.UTF_8),
                sent.id(),
                Expected.ANY,
                null,
                isOfSaga,
                null);
    }

    private static void check(CommandHouse house, Map<Sent, List<CommandAnswer>> answers) {
        var logs = IntStream.range(0, 4)
                .mapToObj(key -> "stock-" + key)
                .collect(Collectors.toMap(stream -> stream, house::read));
        answers.forEach((sent, all) -> {
            assertThat(all.stream().filter(each -> !each.isDuplicate()))
                    .as("%s decided once", sent)
                    .hasSize(1);
            assertThat(all.stream().map(CommandPropertyTest::told).distinct())
                    .as("answers to %s", sent)
                    .hasSize(1);
            checkDecision(sent, all.get(0), logs.get(sent.stream()));
        });
    }

    /** What every duplicate must be told too. */
    private static List<Object> told(CommandAnswer answer) {
        return List.of(
                answer.decided(),
                answer.version(),
                answer.events().stream()
                        .map(event -> event.type() + new String(event.data(), StandardCharsets.UTF_8))
                        .toList(),
                Optional.ofNullable(answer.rejection()));
    }

    private static void checkDecision(Sent sent, CommandAnswer answer, List<RecordedEvent> log) {
        var caused = log.stream()
                .filter(event -> sent.id().equals(event.attributes().get("causationid")))
                .toList();
        int before = (int) answer.version() - caused.size();
        var decision = Stock.RULES.decide(command(sent), naiveFold(log.subList(0, before)));
        if (decision instanceof Decision.Accepted<Stock.Event> accepted) {
            assertThat(answer.decided()).as("%s", sent).isEqualTo(Outcome.ACCEPTED);
            assertThat(caused.stream().map(CommandPropertyTest::event)).containsExactlyElementsOf(accepted.events());
            assertThat(caused.get(caused.size() - 1).version()).isEqualTo(answer.version());
        } else {
            assertThat(caused).as("%s", sent).isEmpty();
            assertThat(answer.decided())
                    .as("%s", sent)
                    .isEqualTo(decision instanceof Decision.Nothing ? Outcome.NOTHING : Outcome.REJECTED);
        }
    }

    private static Stock naiveFold(List<RecordedEvent> events) {
        var state = Stock.RULES.initial();
        for (var event : events) {
            state = Stock.RULES.evolve(state, event(event));
        }
        return state;
    }

    private static Stock.Event event(RecordedEvent event) {
        return read(
                event.data(),
                switch (event.type()) {
                    case "Received" -> Stock.Received.class;
                    case "Reserved" -> Stock.Reserved.class;
                    default -> Stock.Released.class;
                });
    }

    private static Stock.Command command(Sent sent) {
        return read(
                sent.json().getBytes(StandardCharsets.UTF_8),
                switch (sent.type()) {
                    case "Receive" -> Stock.Receive.class;
                    case "Reserve" -> Stock.Reserve.class;
                    default -> Stock.Release.class;
                });
    }

    private static <T> T read(byte[] json, Class<? extends T> type) {
        try {
            return JSON.readValue(json, type);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
