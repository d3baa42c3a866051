/**
 * The HTTP API: routes, what requests and answers look like, problem documents, who may come in at all. It decides nothing
 * about events or rows; it checks what comes from outside and hands it to the rooms that do.
 */
@NullMarked
package dev.sluice.server.gateway;

import org.jspecify.annotations.NullMarked;
