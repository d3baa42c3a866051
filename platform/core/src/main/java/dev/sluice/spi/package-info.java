/** What a connector may be: found by ServiceLoader, given raw material, knowing only the log's value types. */
@NullMarked
package dev.sluice.spi;

import org.jspecify.annotations.NullMarked;
