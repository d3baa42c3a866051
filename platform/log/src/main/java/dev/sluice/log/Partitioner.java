package dev.sluice.log;

import java.nio.charset.StandardCharsets;

/**
 * Which shard a stream lives in: Kafka's default partitioner (murmur2 of the key's UTF-8 bytes, sign bit cleared, modulo the
 * count), so a Kafka partition and a shard agree. A platform stream whose name ends in {@code @n} lives in shard n; one that ends in
 * {@code ~n}, a run, lives with all other runs: in the shard of what is before it.
 */
public final class Partitioner {
    private Partitioner() {}

    /** The shard of a stream, from 0. */
    public static int shardOf(String stream, int shards) {
        if (shards == 1) {
            return 0;
        }
        if (StreamName.isPlatform(stream)) {
            int at = stream.lastIndexOf('@');
            if (at > 0 && stream.length() - at <= 5 && isNumber(stream, at + 1)) {
                return Integer.parseInt(stream.substring(at + 1)) % shards;
            }
            int run = stream.lastIndexOf('~');
            if (run > 0 && isNumber(stream, run + 1)) {
                return hashed(stream.substring(0, run), shards);
            }
        }
        return hashed(stream, shards);
    }

    private static boolean isNumber(String text, int from) {
        return from < text.length() && text.substring(from).chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static int hashed(String name, int shards) {
        return (murmur2(name.getBytes(StandardCharsets.UTF_8)) & 0x7fffffff) % shards;
    }

    /** MurmurHash2 (Austin Appleby, public domain) with the seed that Kafka's clients use. */
    static int murmur2(byte[] data) {
        final int m = 0x5bd1e995;
        int length = data.length;
        int h = 0x9747b28c ^ length;
        for (int i = 0; i + 4 <= length; i += 4) {
            int k = (data[i] & 0xff) | (data[i + 1] & 0xff) << 8 | (data[i + 2] & 0xff) << 16 | data[i + 3] << 24;
            k *= m;
            k ^= k >>> 24;
            k *= m;
            h *= m;
            h ^= k;
        }
        int tail = length & ~3;
        switch (length & 3) {
            case 3:
                h ^= (data[tail + 2] & 0xff) << 16;
                h ^= (data[tail + 1] & 0xff) << 8;
                h ^= data[tail] & 0xff;
                h *= m;
                break;
            case 2:
                h ^= (data[tail + 1] & 0xff) << 8;
                h ^= data[tail] & 0xff;
                h *= m;
                break;
            case 1:
                h ^= data[tail] & 0xff;
                h *= m;
                break;
            default:
                break;
        }
        h ^= h >>> 13;
        h *= m;
        return h ^ h >>> 15;
    }
}
