package dev.sluice.participant;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The place of a command below the url of an upstream. It is made from data of events, so nothing in it may lead elsewhere. */
final class Place {
    static final String EXPECTED =
            "segments with a single / between them, none of them '.' or '..', of letters, digits,"
                    + " -._~!$&'()*+,;=:@ and %XX other than %2E, %2F and %5C";

    private static final Pattern SEGMENT =
            Pattern.compile("(?!\\.{1,2}$)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[EeFf]|5[Cc])[0-9A-Fa-f]{2})+");
    private static final int MAX_LENGTH = 2_048;

    private Place() {}

    /** The path of a place, with or without a slash before it; null for one that does not stay below. */
    static @Nullable String below(String base, String given) {
        String place = given.startsWith("/") ? given.substring(1) : given;
        if (place.isEmpty()) {
            return base.isEmpty() ? "/" : base;
        }
        if (place.length() > MAX_LENGTH) {
            return null;
        }
        for (String segment : place.split("/", -1)) {
            if (!SEGMENT.matcher(segment).matches()) {
                return null;
            }
        }
        return base + "/" + place;
    }
}
