package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import java.net.BindException;
import org.junit.jupiter.api.Test;

class PortInUseTest {
    @Test
    void saysWhichPortIsInUseAndWhatToDo() {
        var refused = Gateway.notListening("127.0.0.1", 8080, new BindException("Address already in use"));

        assertThat(refused)
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE))
                .hasMessageContaining("127.0.0.1 port 8080: found Address already in use")
                .hasMessageContaining("set http.port");
    }

    @Test
    void leavesABugABug() {
        var bug = new IllegalStateException("no");

        assertThat(Gateway.notListening("127.0.0.1", 8080, bug)).isSameAs(bug);
    }
}
