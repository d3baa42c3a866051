package dev.sluice.bench;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * The load of every benchmark: JSON orders of one size, each with an id of its own, for streams drawn uniformly. The same
 * seed gives the same load. One thread.
 */
final class OrderData {
    private static final int POOL = 8_192;
    private static final int ID_START = "{\"orderId\":\"".length();
    private static final int ID_LENGTH = 16;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final String[] WORDS = {
        "amber", "harbor", "signal", "north", "copper", "ledger", "river", "canyon", "violet", "window", "market",
        "silver"
    };

    private final byte[][] pool = new byte[POOL][];
    private final String[] streams;
    private final int bytes;
    private long state = 88_172_645_463_325_252L;

    /**
     * @param bytes size of an order, at least 128
     * @param streamCount how many streams are drawn from
     */
    OrderData(int bytes, int streamCount) {
        if (bytes < 128) {
            throw new IllegalArgumentException("found events of " + bytes + " bytes, expected at least 128");
        }
        this.bytes = bytes;
        var random = new Random(7);
        for (int i = 0; i < POOL; i++) {
            pool[i] = order(random, bytes);
        }
        streams = new String[streamCount];
        for (int i = 0; i < streamCount; i++) {
            streams[i] = "order-" + i;
        }
    }

    /** The number of a stream, uniformly drawn. */
    int nextStream() {
        return (int) ((next() >>> 1) % streams.length);
    }

    String stream(int number) {
        return streams[number];
    }

    int streamCount() {
        return streams.length;
    }

    int bytes() {
        return bytes;
    }

    /** An order with a fresh id; the array is the caller's. */
    byte[] nextOrder() {
        byte[] order = pool[(int) (next() >>> 1) & (POOL - 1)].clone();
        long id = next();
        for (int i = 0; i < ID_LENGTH; i++) {
            order[ID_START + i] = HEX[(int) (id & 15)];
            id >>>= 4;
        }
        return order;
    }

    /** The id inside an order. */
    static String idOf(byte[] order) {
        return new String(order, ID_START, ID_LENGTH, StandardCharsets.ISO_8859_1);
    }

    /** Marsaglia's xorshift64. */
    private long next() {
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        return state;
    }

    private static byte[] order(Random random, int bytes) {
        var text = new StringBuilder(bytes + 64);
        text.append("{\"orderId\":\"0000000000000000\",\"customerId\":\"cust-")
                .append(random.nextInt(10_000))
                .append("\",\"amount\":")
                .append(1 + random.nextInt(100_000))
                .append(",\"quantity\":")
                .append(1 + random.nextInt(20))
                .append(",\"note\":\"");
        for (int word = 0; text.length() < bytes - 24; word++) {
            text.append(word % 3 == 2 ? Long.toHexString(random.nextLong()) : WORDS[random.nextInt(WORDS.length)])
                    .append(' ');
        }
        text.setLength(Math.min(text.length(), bytes - 2));
        while (text.length() < bytes - 2) {
            text.append('x');
        }
        return text.append("\"}").toString().getBytes(StandardCharsets.US_ASCII);
    }
}
