package dev.sluice.server.gateway.wire;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** What {@code ETag} says of some bytes (RFC 9110 §8.8.3): the same bytes have the same. */
public record EntityTag(String text) {
    private static final int BYTES = 12;

    /** The answer has just these bytes. */
    public static EntityTag strong(byte[] bytes) {
        return new EntityTag("\"" + hash(bytes) + "\"");
    }

    /** The answer has more that may differ. */
    public static EntityTag weak(byte[] bytes) {
        return new EntityTag("W/\"" + hash(bytes) + "\"");
    }

    /** Whether {@code If-None-Match} names it, compared weakly, or any. */
    public boolean isNamed(@Nullable String ifNoneMatch) {
        return ifNoneMatch != null
                && Arrays.stream(ifNoneMatch.strip().split("\\s*,\\s*"))
                        .anyMatch(each ->
                                each.equals("*") || each.replaceFirst("^W/", "").equals(opaque()));
    }

    private String opaque() {
        return text.replaceFirst("^W/", "");
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(hash, 0, BYTES);
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
