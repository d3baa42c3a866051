package dev.sluice.log;

import java.nio.charset.StandardCharsets;

/** The rules of stream names: 1–255 bytes of UTF-8, no control characters, no halves of characters, category before the first {@code -}. */
public final class StreamName {
    private static final int MAX_BYTES = 255;

    private StreamName() {}

    /** The name itself, or {@link Failure.Kind#INVALID_STREAM}. */
    public static String check(String name) {
        if (isPlain(name)) {
            return name;
        }
        int bytes = name.length() > MAX_BYTES ? name.length() : name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > MAX_BYTES) {
            throw Failure.of(
                    Failure.Kind.INVALID_STREAM,
                    "found a stream name of " + bytes + " bytes, expected 1 to " + MAX_BYTES + " bytes of UTF-8");
        }
        name.codePoints().forEach(StreamName::checkCharacter);
        return name;
    }

    private static void checkCharacter(int character) {
        boolean isHalf = Character.getType(character) == Character.SURROGATE;
        if (isHalf || Character.isISOControl(character)) {
            throw Failure.of(
                    Failure.Kind.INVALID_STREAM,
                    "found %s U+%04X in a stream name, expected none"
                            .formatted(isHalf ? "half a character," : "control character", character));
        }
    }

    private static boolean isPlain(String name) {
        int length = name.length();
        for (int i = 0; i < length; i++) {
            char c = name.charAt(i);
            if (c < ' ' || c > '~') {
                return false;
            }
        }
        return length >= 1 && length <= MAX_BYTES;
    }

    /** Text before the first {@code -}; the whole name when there is none. */
    public static String category(String name) {
        int dash = name.indexOf('-');
        return dash < 0 ? name : name.substring(0, dash);
    }

    /** Text after the first {@code -}; the whole name when there is none. */
    public static String key(String name) {
        int dash = name.indexOf('-');
        return dash < 0 ? name : name.substring(dash + 1);
    }

    /** Whether the stream is the platform's own: its name begins with {@code $}. */
    public static boolean isPlatform(String name) {
        return name.startsWith("$");
    }
}
