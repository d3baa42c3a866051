/** How the parts of requests and answers are written: paths and their escapes, entity tags, the cursors of lists. */
@NullMarked
package dev.sluice.server.gateway.wire;

import org.jspecify.annotations.NullMarked;
