package dev.sluice.ingest;

import dev.sluice.ingest.DeadLetters.Filter;
import dev.sluice.ingest.DeadLetters.State;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Where a bulk retry or discard stands. Only letters up to the heads that it began at are taken, so that one which fails again
 * is not taken again. A discard of all reasons takes those that wait behind others first: discarding a head would release them.
 *
 * @param upTo the heads when it began
 * @param isParkedFirst only those that wait are taken, the others in a second pass
 */
record Round(Cursor upTo, boolean isParkedFirst, LetterScan.Place place) {
    static Round first(Filter filter, Resolver.Verb verb, Cursor head) {
        return new Round(head, verb == Resolver.Verb.DISCARD && filter.reason() == null, LetterScan.START);
    }

    Filter narrowed(Filter filter) {
        return new Filter(filter.consumer(), isParkedFirst ? RefusedRecord.PARKED_BEHIND : filter.reason(), State.OPEN);
    }

    /** The cursor of the next part after one that ended at a page's cursor; null: there is none. */
    @Nullable
    String next(@Nullable String pageCursor) {
        if (pageCursor != null) {
            return encode(isParkedFirst, pageCursor);
        }
        return isParkedFirst ? encode(false, LetterScan.START.encode()) : null;
    }

    private String encode(boolean isStillParkedFirst, String pageCursor) {
        String text = (isStillParkedFirst ? "p " : "a ") + upTo.encode() + " " + pageCursor;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static Round parse(String cursor, int shards) {
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8).split(" ", -1);
            if (parts.length == 3 && (parts[0].equals("p") || parts[0].equals("a"))) {
                return new Round(
                        Cursor.parse(parts[1], shards), parts[0].equals("p"), LetterScan.Place.parse(parts[2]));
            }
        } catch (IllegalArgumentException malformed) {
            // told below
        }
        throw Failure.of(
                Failure.Kind.INVALID_CURSOR,
                "found a cursor that cannot be read, expected one that a retry or discard of dead letters has given");
    }
}
