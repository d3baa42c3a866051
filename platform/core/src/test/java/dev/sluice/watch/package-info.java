/** Watches what tests do not look at: a line that calls an operator fails the test that caused it. */
@NullMarked
package dev.sluice.watch;

import org.jspecify.annotations.NullMarked;
