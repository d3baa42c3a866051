package dev.sluice.server.gateway.wire;

import dev.sluice.log.Failure;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Percent-decoding that refuses what it cannot read: a broken escape, or bytes that are not UTF-8. */
public final class Percent {
    private Percent() {}

    /**
     * Decodes one part of a request target or a header value, whose characters above U+007F stand for the bytes that came.
     *
     * @param what is decoded, for the message
     */
    public static String decode(String raw, boolean plusIsSpace, Failure.Kind kind, String what) {
        var bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
                int low = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw Failure.of(
                            kind,
                            "found a broken percent escape at character " + (i + 1) + " of " + what
                                    + ", expected % and two hexadecimal digits");
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else if (c > 0xff) {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            } else {
                bytes.write(c == '+' && plusIsSpace ? ' ' : c);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException malformed) {
            throw Failure.of(kind, "found bytes that are not UTF-8 in " + what + ", expected percent-encoded UTF-8");
        }
    }

    /** As one segment of a path: everything but unreserved characters escaped. */
    public static String encode(String text) {
        var out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || "-._~".indexOf(b) >= 0) {
                out.append((char) b);
            } else {
                out.append('%').append("%02X".formatted(b & 0xff));
            }
        }
        return out.toString();
    }
}
