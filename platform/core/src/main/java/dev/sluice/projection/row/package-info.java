/**
 * Rows of a view at hand and as stored: their cells, their layers in memory, their keys and bytes in the store. Of it other
 * rooms see {@link dev.sluice.projection.row.Row} only.
 */
@NullMarked
package dev.sluice.projection.row;

import org.jspecify.annotations.NullMarked;
