/** Tests of the HTTP API: its parts without a socket, and the contract over real ones. */
@NullMarked
package dev.sluice.server.gateway;

import org.jspecify.annotations.NullMarked;
