package dev.sluice.server.gateway;

import dev.sluice.server.Config;
import dev.sluice.server.Wiring;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A whole server without Kafka in this process: a real log in a folder, real projections, a free port. */
final class RunningServer implements AutoCloseable {
    private final Wiring wiring;
    private final HttpProbe http;
    private boolean isClosed;

    private RunningServer(Wiring wiring) {
        this.wiring = wiring;
        this.http = new HttpProbe(wiring.port());
    }

    /** {@code settings}: configuration key, value, key, value… */
    static RunningServer in(Path folder, String... settings) {
        var flags = new LinkedHashMap<String, String>();
        flags.put("http.port", "0");
        flags.put("data.dir", folder.toString());
        for (int i = 0; i < settings.length; i += 2) {
            flags.put(settings[i], settings[i + 1]);
        }
        return new RunningServer(Wiring.start(Config.load(null, null, Map.of(), flags)));
    }

    HttpProbe http() {
        return http;
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            wiring.close();
        }
    }
}
