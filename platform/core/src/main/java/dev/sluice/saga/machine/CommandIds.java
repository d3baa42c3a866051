package dev.sluice.saga.machine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** The id of a command: a UUID of version 5 (RFC 9562 §5.5), the same for every attempt and after every crash. */
final class CommandIds {
    /** The namespace of the ids: drawn once, part of the format. */
    private static final UUID NAMESPACE = UUID.fromString("6f0c7b1e-2d3a-5c44-9a57-0d2f4e8b9c10");

    private CommandIds() {}

    static String of(Instance instance, String step, Direction direction, int epoch) {
        return uuid5(String.join(
                        "\0",
                        instance.saga(),
                        instance.key(),
                        Integer.toString(instance.run()),
                        step,
                        direction.name(),
                        Integer.toString(epoch)))
                .toString();
    }

    /** A number of [0, 1) that is always the same for an attempt: replays and repeated reactions wait as long. */
    static double spread(String commandId, int attempt) {
        return (uuid5(commandId + attempt).getMostSignificantBits() >>> 11) * 0x1.0p-53;
    }

    private static UUID uuid5(String name) {
        try {
            var sha1 = MessageDigest.getInstance("SHA-1");
            sha1.update(ByteBuffer.allocate(16)
                    .putLong(NAMESPACE.getMostSignificantBits())
                    .putLong(NAMESPACE.getLeastSignificantBits())
                    .flip());
            var hash = ByteBuffer.wrap(sha1.digest(name.getBytes(StandardCharsets.UTF_8)));
            long high = hash.getLong() & 0xFFFF_FFFF_FFFF_0FFFL | 0x5000L;
            long low = hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L;
            return new UUID(high, low);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
