package dev.sluice.shard;

import dev.sluice.log.Failure;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The extension attribute {@code tags}: {@code name:value} parts with commas between them. */
public final class Tags {
    private static final Pattern TAG = Pattern.compile("[a-z][a-z0-9_]*:[^,]+");

    private Tags() {}

    /** Whether it is one tag. */
    public static boolean isTag(String part) {
        return TAG.matcher(part).matches();
    }

    /** INVALID_EVENT names the part that is not a tag. */
    public static void check(@Nullable Object tags) {
        if (tags == null) {
            return;
        }
        if (!(tags instanceof String text)) {
            throw Failure.of(
                    Failure.Kind.INVALID_EVENT, "found tags " + tags + ", expected a string of name:value parts");
        }
        for (String part : text.split(",", -1)) {
            if (!isTag(part)) {
                throw Failure.of(
                        Failure.Kind.INVALID_EVENT,
                        "found tag '" + (part.length() <= 64 ? part : part.substring(0, 64) + "…")
                                + "', expected name:value with a name of a-z, 0-9 and _ that begins with a letter");
            }
        }
    }
}
