package dev.sluice.bus;

import org.jspecify.annotations.Nullable;

/** A message body that is passed as it is, without a copy; null is the answer of a request that has nothing to say. */
record Reference(@Nullable Object value) {}
