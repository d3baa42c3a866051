/**
 * The state machine of an instance: {@link dev.sluice.saga.machine.Machine} decides, {@link dev.sluice.saga.machine.Instance} folds what was
 * decided. Pure: time is passed in; no clock, no I/O, no Vert.x. What has to be sent and which timers are armed follows from the
 * folded instance alone.
 */
@NullMarked
package dev.sluice.saga.machine;

import org.jspecify.annotations.NullMarked;
