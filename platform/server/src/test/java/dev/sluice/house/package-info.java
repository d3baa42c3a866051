/** The house rules as ordinary tests, and the audits of a killed server, of its client and of its page. */
@NullMarked
package dev.sluice.house;

import org.jspecify.annotations.NullMarked;
