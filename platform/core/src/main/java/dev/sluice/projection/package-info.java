/** Definitions, folding, views: events become rows, each event exactly once. */
@NullMarked
package dev.sluice.projection;

import org.jspecify.annotations.NullMarked;
