/** What a definition of a projection says, and how it is read. For the room of projections alone. */
@NullMarked
package dev.sluice.projection.definition;

import org.jspecify.annotations.NullMarked;
