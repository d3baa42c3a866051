/** Sagas on trial: an instance with a virtual clock, without a log and without participants, and what a scenario says of it. Pure, like the machine. */
@NullMarked
package dev.sluice.saga.scenario;

import org.jspecify.annotations.NullMarked;
