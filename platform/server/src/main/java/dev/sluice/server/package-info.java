/** The process you run: {@code Main}, {@code Config} and {@code Wiring} are the only three files that name everything. */
@NullMarked
package dev.sluice.server;

import org.jspecify.annotations.NullMarked;
