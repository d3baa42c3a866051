/** Addresses of the event bus, messages by reference, and the port through which rooms call each other. */
@NullMarked
package dev.sluice.bus;

import org.jspecify.annotations.NullMarked;
