/** The command line: a client of the HTTP and WebSocket API; what runs in this process it reaches through {@link dev.sluice.server.cli.Host}. */
@NullMarked
package dev.sluice.server.cli;

import org.jspecify.annotations.NullMarked;
