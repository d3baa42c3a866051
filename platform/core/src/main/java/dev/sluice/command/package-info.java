/** Commands and aggregates: deciders, the way of a command from its bytes to its events, what commands were answered. */
@NullMarked
package dev.sluice.command;

import org.jspecify.annotations.NullMarked;
