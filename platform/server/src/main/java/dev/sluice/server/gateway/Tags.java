package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The extension attribute {@code tags}: {@code name:value} parts with commas between them. */
final class Tags {
    private static final Pattern TAG = Pattern.compile("[a-z][a-z0-9_]*:[^,]+");

    private Tags() {}

    /** INVALID_EVENT names the part that is not a tag. */
    static void check(@Nullable Object tags) {
        if (tags == null) {
            return;
        }
        if (!(tags instanceof String text)) {
            throw Failure.of(
                    Failure.Kind.INVALID_EVENT, "found tags " + tags + ", expected a string of name:value parts");
        }
        for (String part : text.split(",", -1)) {
            if (!TAG.matcher(part).matches()) {
                throw Failure.of(
                        Failure.Kind.INVALID_EVENT,
                        "found tag '" + Query.shown(part)
                                + "', expected name:value with a name of a-z, 0-9 and _ that begins with a letter");
            }
        }
    }
}
