package dev.sluice.server.gateway;

import dev.sluice.log.Expected;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code If-Match}, {@code If-None-Match} and {@code Idempotency-Key} of a write. */
final class Preconditions {
    private static final Pattern VERSION = Pattern.compile("\"(0|[1-9]\\d{0,17})\"");
    private static final Pattern APPEND_ID = Pattern.compile("[\\x20-\\x7e]{1,255}");

    private Preconditions() {}

    /** Neither header: any version. */
    static Expected expected(@Nullable String ifMatch, @Nullable String ifNoneMatch) {
        if (ifMatch != null && ifNoneMatch != null) {
            throw Query.invalid("found If-Match and If-None-Match, expected one of them");
        }
        if (ifNoneMatch != null) {
            if (!ifNoneMatch.strip().equals("*")) {
                throw Query.invalid("found If-None-Match: " + Query.shown(ifNoneMatch) + ", expected *");
            }
            return Expected.NONE;
        }
        if (ifMatch == null) {
            return Expected.ANY;
        }
        if (ifMatch.strip().equals("*")) {
            return Expected.EXISTS;
        }
        Matcher version = VERSION.matcher(ifMatch.strip());
        if (!version.matches()) {
            throw Query.invalid(
                    "found If-Match: " + Query.shown(ifMatch) + ", expected * or one version in quotes, such as \"5\"");
        }
        return Expected.version(Long.parseLong(version.group(1)));
    }

    static @Nullable String appendId(@Nullable String idempotencyKey) {
        if (idempotencyKey != null && !APPEND_ID.matcher(idempotencyKey).matches()) {
            throw Query.invalid("found an Idempotency-Key of " + idempotencyKey.length()
                    + " characters, expected 1 to 255 printable ASCII characters");
        }
        return idempotencyKey;
    }
}
