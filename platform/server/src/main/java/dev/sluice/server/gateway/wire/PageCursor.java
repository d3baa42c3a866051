package dev.sluice.server.gateway.wire;

import dev.sluice.log.Failure;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The opaque cursor of lists that are ordered by a name: the last name of the page before. */
public final class PageCursor {
    private PageCursor() {}

    public static String after(String name) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(name.getBytes(StandardCharsets.UTF_8));
    }

    /** The name, null for the first page; INVALID_CURSOR for what was never given. */
    public static @Nullable String parse(@Nullable String cursor) {
        if (cursor == null) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Base64.getUrlDecoder().decode(cursor)))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException malformed) {
            throw Failure.of(
                    Failure.Kind.INVALID_CURSOR,
                    "found a cursor that cannot be read, expected the one that the page before gave");
        }
    }
}
