/**
 * What stands between a call over the event bus and its answer: circuit breakers, rate and concurrency limits, retries with a budget,
 * deadlines and fallbacks, and the policies that say which address has which.
 */
@NullMarked
package dev.sluice.resilience;

import org.jspecify.annotations.NullMarked;
