/** The house rules as ordinary tests, and the audits of a killed server. */
@NullMarked
package dev.sluice.house;

import org.jspecify.annotations.NullMarked;
