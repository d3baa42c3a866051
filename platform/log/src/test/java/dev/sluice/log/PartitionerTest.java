package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartitionerTest {
    @ParameterizedTest
    @CsvSource({
        "21, -973932308",
        "foobar, -790332482",
        "a-little-bit-long-string, -985981536",
        "a-little-bit-longer-string, -1486304829",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8, -58897971",
        "abc, 479470107"
    })
    void hashesAsKafkasClientsDo(String key, int expected) {
        assertThat(Partitioner.murmur2(key.getBytes(StandardCharsets.UTF_8))).isEqualTo(expected);
    }

    @Test
    void placesAPlatformStreamByItsSuffix() {
        assertThat(Partitioner.shardOf("$dlq.orders-0@2", 3)).isEqualTo(2);
        assertThat(Partitioner.shardOf("order-1@2", 3))
                .isEqualTo((Partitioner.murmur2("order-1@2".getBytes(StandardCharsets.UTF_8)) & 0x7fffffff) % 3);
    }

    @Test
    void placesTheDeadLettersOfAShardInThatShard() {
        for (int shard = 0; shard < 5; shard++) {
            String stream = SourceBatch.deadLetterStream("orders", 7, shard, 5);

            assertThat(Partitioner.shardOf(stream, 5)).isEqualTo(shard);
        }
    }

    @Test
    void placesAllRunsOfAPlatformStreamInOneShard() {
        int first = Partitioner.shardOf("$saga.order-k~1", 7);

        for (int run = 2; run < 20; run++) {
            assertThat(Partitioner.shardOf("$saga.order-k~" + run, 7)).isEqualTo(first);
        }
        assertThat(Partitioner.shardOf("$saga.order-k@2~1", 7)).isEqualTo(Partitioner.shardOf("$saga.order-k@2~9", 7));
    }
}
