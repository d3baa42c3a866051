/** What tests of a user's own model are written with: the same code as in a server, without one. */
@NullMarked
package dev.sluice.testing;

import org.jspecify.annotations.NullMarked;
