package dev.sluice.participant;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Values of HTTP headers as the HTTP binding of CloudEvents writes them: what is not printable ASCII, and space, quote and %, as %XX. */
final class Header {
    private static final String HEX = "0123456789ABCDEF";

    private Header() {}

    static String encoded(String value) {
        var written = new StringBuilder(value.length());
        for (byte each : value.getBytes(StandardCharsets.UTF_8)) {
            if (each > ' ' && each < 0x7F && each != '"' && each != '%') {
                written.append((char) each);
            } else {
                written.append('%').append(HEX.charAt(each >> 4 & 15)).append(HEX.charAt(each & 15));
            }
        }
        return written.toString();
    }

    /** What is not well encoded stays as it is. */
    static String decoded(String written) {
        var value = new ByteArrayOutputStream(written.length());
        byte[] bytes = written.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            int high = bytes[i] == '%' && i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(bytes[i + 2], 16);
            if (low >= 0) {
                value.write(high << 4 | low);
                i += 2;
            } else {
                value.write(bytes[i]);
            }
        }
        return value.toString(StandardCharsets.UTF_8);
    }
}
