/** Tests of subscriptions: over real sockets, with a client of their own. */
@NullMarked
package dev.sluice.server.live;

import org.jspecify.annotations.NullMarked;
