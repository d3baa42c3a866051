package dev.sluice.participant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.spi.Source;
import dev.sluice.spi.Source.RawRecord;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplySinkTest {
    private final List<RawRecord> taken = new ArrayList<>();
    private final ReplySink sink = new ReplySink(read -> {
        taken.addAll(read);
        return Future.succeededFuture();
    });

    @Test
    void beginsAtTheEndAndIsCompleteWhenItStandsInEveryPartition() {
        assertThat(position(partition("t", 0))).isEqualTo(Source.END);
        assertThat(position(partition("t", 1))).isEqualTo(Source.END);

        stand(partition("t", 0), 100);
        assertThat(sink.isComplete()).isFalse();
        stand(partition("t", 1), 0);

        assertThat(sink.isComplete()).isTrue();
    }

    @Test
    void readsOnWhereItStoodAndNewPartitionsFromTheirBeginning() {
        position(partition("t", 0));
        stand(partition("t", 0), 100);

        assertThat(position(partition("t", 0))).isEqualTo(100);
        assertThat(position(partition("t", 1))).isNull();
        assertThat(sink.isComplete()).isTrue();
    }

    @Test
    void readsATopicThatWasMadeAnewFromItsBeginning() {
        position(partition("t", 0));
        stand(partition("t", 0), 100);

        assertThat(position(partition("made-anew", 0))).isNull();
    }

    @Test
    void waitsForATopicThatWasMadeAnewBeforeItStoodInTheFirst() {
        position(partition("t", 0));
        assertThat(position(partition("made-anew", 0))).isEqualTo(Source.END);

        stand(partition("made-anew", 0), 0);

        assertThat(sink.isComplete()).isTrue();
    }

    private @Nullable Long position(Source.Partition partition) {
        return sink.position(partition).toCompletableFuture().join();
    }

    private void stand(Source.Partition partition, long next) {
        sink.accept(new Source.Poll(partition, next, next, List.of()))
                .toCompletableFuture()
                .join();
    }

    private static Source.Partition partition(String topicId, int number) {
        return new Source.Partition("cluster", topicId, "replies", number);
    }
}
