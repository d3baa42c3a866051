package dev.sluice.bench.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OrderFoldTest {
    @Test
    void countsAndSumsAndKeepsTheLastId() {
        var firsts = new AtomicInteger();
        var fold = new OrderFold(firsts::incrementAndGet);

        byte[] row = fold.fold(order("aaaaaaaaaaaaaaaa", 5), OrderFold.emptyRow());
        row = fold.fold(order("bbbbbbbbbbbbbbbb", 7), row);

        var cells = ByteBuffer.wrap(row);
        assertThat(OrderFold.count(row)).isEqualTo(2);
        assertThat(cells.getLong(8)).isEqualTo(12);
        assertThat(new String(row, 16, 16, StandardCharsets.US_ASCII)).isEqualTo("bbbbbbbbbbbbbbbb");
        assertThat(fold.folded()).isEqualTo(2);
        assertThat(firsts).hasValue(1);
    }

    private static byte[] order(String id, int amount) {
        return ("{\"orderId\":\"" + id + "\",\"customerId\":\"c\",\"amount\":" + amount + ",\"quantity\":1}")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
