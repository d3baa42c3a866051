/**
 * Sagas at work: instances that react to events of the log by sending commands. The shell around the pure machine; instances, what they have
 * to send, their timers and how far they have read are rows of the shard that owns them, committed together.
 */
@NullMarked
package dev.sluice.saga;

import org.jspecify.annotations.NullMarked;
