/** The small language of projections, filters, guards and policies: parsed once, compiled to closures, one pass over an event's bytes. */
@NullMarked
package dev.sluice.expression;

import org.jspecify.annotations.NullMarked;
