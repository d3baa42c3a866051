package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who may come in. Loopback is reachable from any web page, by name (DNS rebinding) and by cross-site request; so a request
 * must name a host that is loopback's or configured, and, when a browser says where it comes from, that must be this server
 * or a configured origin.
 */
final class Door {
    private static final Pattern AUTHORITY = Pattern.compile("(\\[[0-9a-f:.]+]|[^:\\[\\]/@?#\\s]+)(?::(\\d{1,5}))?");
    private static final Pattern LOOPBACK = Pattern.compile("localhost|\\[::1]|127(\\.\\d{1,3}){3}");
    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::", "[::]");

    private final Set<String> hosts = new HashSet<>();
    private final Set<String> origins = new HashSet<>();

    Door(GatewayOptions options) {
        if (!WILDCARDS.contains(options.host())) {
            hosts.add(bracketed(options.host()));
        }
        options.allowedHosts().forEach(host -> hosts.add(bracketed(host)));
        options.allowedOrigins().forEach(origin -> origins.add(origin.toLowerCase(Locale.ROOT)));
    }

    /** FORBIDDEN_ORIGIN unless the request may come in. */
    void check(HttpServerRequest request) {
        check(request.headers().getAll("Host"), request.headers().getAll("Origin"));
    }

    void check(List<String> hostHeaders, List<String> originHeaders) {
        if (hostHeaders.size() != 1) {
            throw forbidden("found " + hostHeaders.size() + " Host headers, expected one");
        }
        String host = hostHeaders.get(0).toLowerCase(Locale.ROOT);
        Matcher authority = AUTHORITY.matcher(host);
        if (!authority.matches() || !isKnown(authority.group(1))) {
            throw forbidden(
                    "found Host " + Query.shown(host) + ", expected a loopback name or one of http.allowedHosts");
        }
        for (String origin : originHeaders) {
            String from = origin.toLowerCase(Locale.ROOT);
            if (!origins.contains(from) && !isSame(from, authority)) {
                throw forbidden("found Origin " + Query.shown(origin)
                        + ", expected this server's own or one of http.allowedOrigins");
            }
        }
    }

    private boolean isKnown(String name) {
        return LOOPBACK.matcher(name).matches() || hosts.contains(name);
    }

    private static boolean isSame(String origin, Matcher authority) {
        if (!origin.startsWith("http://")) {
            return false;
        }
        Matcher own = AUTHORITY.matcher(origin.substring("http://".length()));
        return own.matches() && own.group(1).equals(authority.group(1)) && port(own) == port(authority);
    }

    private static int port(Matcher authority) {
        return authority.group(2) == null ? 80 : Integer.parseInt(authority.group(2));
    }

    private static String bracketed(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
    }

    private static Failure forbidden(String message) {
        return Failure.of(Kind.FORBIDDEN_ORIGIN, message);
    }
}
