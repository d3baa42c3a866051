package dev.sluice.bus;

import org.jspecify.annotations.Nullable;

/**
 * A message body that is passed as it is, without a copy, and what goes with it; null is the answer of a request that has nothing to
 * say.
 */
record Reference(@Nullable Object value, Call call) {
    Reference(@Nullable Object value) {
        this(value, Call.PLAIN);
    }
}
