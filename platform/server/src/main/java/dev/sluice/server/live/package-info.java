/** Live reads: the WebSocket subscription protocol {@code sluice.v1.json} over views and events (VIEWS.md §5). */
@NullMarked
package dev.sluice.server.live;

import org.jspecify.annotations.NullMarked;
