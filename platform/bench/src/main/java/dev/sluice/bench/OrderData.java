package dev.sluice.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * The load of every benchmark: JSON orders of one size, each with an id of its own, for streams drawn uniformly or by Zipf's
 * law. The same seed gives the same load. One thread.
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

    /** How the stream of an order is drawn; {@code ZIPF}: the n-th stream n times less often than the first. */
    enum Keys {
        UNIFORM,
        ZIPF
    }

    private final byte[][] pool = new byte[POOL][];
    private final String[] streams;
    private final int bytes;
    /** The share of the streams up to each one, empty when all are drawn equally often. */
    private final double[] shares;

    private long state = 88_172_645_463_325_252L;

    /** Streams are drawn uniformly. */
    OrderData(int bytes, int streamCount) {
        this(bytes, streamCount, Keys.UNIFORM);
    }

    /**
     * @param bytes size of an order, at least 128
     * @param streamCount how many streams are drawn from
     */
    OrderData(int bytes, int streamCount, Keys keys) {
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
        shares = switch (keys) {
            case UNIFORM -> new double[0];
            case ZIPF -> zipfShares(streamCount);
        };
    }

    private static double[] zipfShares(int count) {
        double[] shares = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += 1.0 / (i + 1);
            shares[i] = sum;
        }
        for (int i = 0; i < count; i++) {
            shares[i] /= sum;
        }
        return shares;
    }

    /** The number of a stream, drawn. */
    int nextStream() {
        long drawn = next() >>> 1;
        if (shares.length == 0) {
            return (int) (drawn % streams.length);
        }
        int place = Arrays.binarySearch(shares, drawn * 0x1.0p-63);
        return Math.min(place < 0 ? -place - 1 : place, streams.length - 1);
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
