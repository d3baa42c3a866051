package dev.sluice.server.gateway;

import java.util.List;

/**
 * Where the gateway listens and whom it lets in.
 *
 * @param port 0 for any
 * @param allowedHosts names beyond loopback that {@code Host} may carry, without port
 * @param allowedOrigins origins beyond the server's own that a browser may come from, such as {@code https://ops.example.com}
 * @param maxBodyBytes most of one request body; eight times as much of all bodies together is held in memory
 */
public record GatewayOptions(
        String host, int port, List<String> allowedHosts, List<String> allowedOrigins, int maxBodyBytes) {
    public GatewayOptions {
        if (port < 0 || port > 65_535 || maxBodyBytes < 1) {
            throw new IllegalArgumentException("found port " + port + " and bodies of " + maxBodyBytes
                    + " bytes, expected a port from 0 to 65535 and at least 1");
        }
        allowedHosts = List.copyOf(allowedHosts);
        allowedOrigins = List.copyOf(allowedOrigins);
    }

    /** The documented defaults, on a port. */
    public static GatewayOptions onPort(int port) {
        return new GatewayOptions("127.0.0.1", port, List.of(), List.of(), 16 << 20);
    }
}
