package dev.sluice.kafka;

import dev.sluice.log.Failure;
import dev.sluice.spi.Source;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A sink in memory: keeps values by partition and the next offset, checks the order of what comes, can hold and refuse polls. */
final class MemorySink implements Source.Sink {
    private final Map<String, Stored> stored = new TreeMap<>();
    private final List<Runnable> held = new ArrayList<>();
    private boolean isHolding;
    private @Nullable Failure refusal;
    private int refusals;
    private boolean isLossAccepted;
    private @Nullable Long unknown;
    private int polls;
    private int inFlight;
    private int mostInFlight;

    /** What came of one partition. */
    private static final class Stored {
        private Source.Partition identity;
        private long next = -1;
        private final List<String> values = new ArrayList<>();
        private int inFlight;

        Stored(Source.Partition identity) {
            this.identity = identity;
        }
    }

    @Override
    public synchronized CompletionStage<@Nullable Long> position(Source.Partition partition) {
        Stored known = stored.get(key(partition));
        if (known == null || known.next < 0) {
            return CompletableFuture.completedFuture(unknown);
        }
        return known.identity.equals(partition)
                ? CompletableFuture.completedFuture(known.next)
                : CompletableFuture.failedFuture(Failure.of(
                        Failure.Kind.SOURCE_CHANGED, "found topic " + partition + ", expected " + known.identity));
    }

    @Override
    public synchronized CompletionStage<Void> accept(Source.Poll poll) {
        Stored known = stored.computeIfAbsent(key(poll.partition()), made -> new Stored(poll.partition()));
        if (++known.inFlight > 1) {
            throw new AssertionError("a second poll of " + poll.partition() + " while one is in flight");
        }
        inFlight++;
        mostInFlight = Math.max(mostInFlight, inFlight);
        polls++;
        var answer = new CompletableFuture<Void>();
        Runnable settle = () -> settle(known, poll, answer);
        if (isHolding) {
            held.add(settle);
        } else {
            settle.run();
        }
        return answer;
    }

    private void settle(Stored known, Source.Poll poll, CompletableFuture<Void> answer) {
        known.inFlight--;
        inFlight--;
        if (refusal != null && refusals-- > 0) {
            answer.completeExceptionally(refusal);
            return;
        }
        if (!isLossAccepted && known.next >= 0 && poll.from() > known.next) {
            answer.completeExceptionally(
                    Failure.of(Failure.Kind.SOURCE_GAP, "found " + poll.from() + ", expected " + known.next));
            return;
        }
        for (var raw : poll.records()) {
            if (raw.offset() >= known.next) {
                known.values.add(new String(raw.value(), StandardCharsets.UTF_8));
            }
        }
        known.identity = poll.partition();
        known.next = Math.max(known.next, poll.next());
        answer.complete(null);
    }

    /** Keeps answers back until {@link #release()}. */
    synchronized void hold() {
        isHolding = true;
    }

    synchronized void release() {
        isHolding = false;
        held.forEach(Runnable::run);
        held.clear();
    }

    /** Refuses the next polls. */
    synchronized void refuse(Failure failure, int count) {
        refusal = failure;
        refusals = count;
    }

    /** Asks for what comes from now on of a partition that it does not know. */
    synchronized void beginAtEnd() {
        unknown = Source.END;
    }

    /** Lets gaps pass. */
    synchronized void acceptLoss() {
        isLossAccepted = true;
    }

    synchronized List<String> values(String topic, int partition) {
        Stored known = stored.get(topic + "/" + partition);
        return known == null ? List.of() : List.copyOf(known.values);
    }

    synchronized long next(String topic, int partition) {
        Stored known = stored.get(topic + "/" + partition);
        return known == null ? -1 : known.next;
    }

    /** Pretends that a partition was read up to here. */
    synchronized void setNext(Source.Partition partition, long next) {
        var known = new Stored(partition);
        known.next = next;
        stored.put(key(partition), known);
    }

    synchronized Source.Partition identity(String topic, int partition) {
        Stored known = stored.get(topic + "/" + partition);
        if (known == null) {
            throw new AssertionError("nothing came of " + topic + "/" + partition);
        }
        return known.identity;
    }

    synchronized int polls() {
        return polls;
    }

    synchronized int heldPolls() {
        return held.size();
    }

    synchronized int mostInFlight() {
        return mostInFlight;
    }

    private static String key(Source.Partition partition) {
        return partition.topic() + "/" + partition.partition();
    }
}
