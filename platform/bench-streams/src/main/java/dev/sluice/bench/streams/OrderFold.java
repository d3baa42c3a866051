package dev.sluice.bench.streams;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;

/** The fold that is measured, over rows of 32 bytes: count, sum of amounts, the last order's id. Any thread. */
final class OrderFold {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int ROW_BYTES = 32;
    private static final int ID_BYTES = 16;

    private final Runnable onFirst;
    private final LongAdder folded = new LongAdder();
    private volatile boolean isBegun;

    /** @param onFirst run once, before the first order is folded */
    OrderFold(Runnable onFirst) {
        this.onFirst = onFirst;
    }

    static byte[] emptyRow() {
        return new byte[ROW_BYTES];
    }

    static long count(byte[] row) {
        return ByteBuffer.wrap(row).getLong();
    }

    /** A new row: the old one may still be in a cache. */
    byte[] fold(byte[] json, byte[] row) {
        if (!isBegun) {
            begin();
        }
        folded.increment();
        var before = ByteBuffer.wrap(row);
        long count = before.getLong() + 1;
        long total = before.getLong();
        String id = "";
        try (var parser = JSON.createParser(json)) {
            JsonToken token;
            while ((token = parser.nextToken()) != null) {
                if (token == JsonToken.FIELD_NAME) {
                    String field = parser.currentName();
                    parser.nextToken();
                    if (field.equals("orderId")) {
                        id = parser.getText();
                    } else if (field.equals("amount")) {
                        total += parser.getLongValue();
                    }
                }
            }
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
        byte[] text = id.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(ROW_BYTES)
                .putLong(count)
                .putLong(total)
                .put(text, 0, Math.min(text.length, ID_BYTES))
                .array();
    }

    private synchronized void begin() {
        if (!isBegun) {
            onFirst.run();
            isBegun = true;
        }
    }

    /** Orders folded so far. */
    long folded() {
        return folded.sum();
    }
}
