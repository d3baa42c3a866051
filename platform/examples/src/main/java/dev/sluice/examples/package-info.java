/** Models that users write: what they compile against is core alone. */
@NullMarked
package dev.sluice.examples;

import org.jspecify.annotations.NullMarked;
