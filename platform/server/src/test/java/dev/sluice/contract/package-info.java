/** Judges what a running server says by the documents that it serves. */
@NullMarked
package dev.sluice.contract;

import org.jspecify.annotations.NullMarked;
