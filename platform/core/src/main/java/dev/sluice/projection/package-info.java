/** Folding, views, queries: events become rows, each event exactly once. Definitions and rows are inner rooms. */
@NullMarked
package dev.sluice.projection;

import org.jspecify.annotations.NullMarked;
