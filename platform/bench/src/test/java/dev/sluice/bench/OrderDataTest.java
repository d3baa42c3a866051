package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class OrderDataTest {
    @Test
    void makesJsonOfTheSizeAskedForWithIdsOfTheirOwn() throws Exception {
        var data = new OrderData(256, 1_000);
        var json = new ObjectMapper();
        var ids = new HashSet<String>();

        for (int i = 0; i < 1_000; i++) {
            byte[] order = data.nextOrder();
            var read = json.readTree(order);

            assertThat(order).hasSize(256);
            assertThat(read.get("orderId").asText()).isEqualTo(OrderData.idOf(order));
            assertThat(read.get("amount").asLong()).isPositive();
            ids.add(OrderData.idOf(order));
        }

        assertThat(ids).hasSize(1_000);
    }

    @Test
    void drawsEveryStreamAboutEquallyOften() {
        var data = new OrderData(256, 10);
        int[] drawn = new int[10];

        for (int i = 0; i < 100_000; i++) {
            drawn[data.nextStream()]++;
        }

        assertThat(Arrays.stream(drawn).boxed())
                .allSatisfy(count -> assertThat(count).isBetween(9_000, 11_000));
    }

    @Test
    void drawsByZipfsLawTheNthStreamNTimesLessOftenThanTheFirst() {
        var data = new OrderData(256, 10, OrderData.Keys.ZIPF);
        int[] drawn = new int[10];

        for (int i = 0; i < 100_000; i++) {
            drawn[data.nextStream()]++;
        }

        assertThat(drawn[0]).isBetween(33_000, 35_500);
        assertThat(drawn[1]).isBetween(16_000, 18_500);
        assertThat(drawn[9]).isBetween(3_000, 3_900);
    }
}
