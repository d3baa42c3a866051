package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.log.Failure;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoorTest {
    private final Door door = new Door(
            new GatewayOptions("10.1.2.3", 8080, List.of("sluice.example.com"), List.of("https://ops.example.com"), 1));

    @ParameterizedTest
    @CsvSource({
        "localhost,",
        "localhost:8080,",
        "LOCALHOST:8080,",
        "127.0.0.1:1,",
        "127.9.9.9,",
        "[::1]:8080,",
        "10.1.2.3:8080,",
        "sluice.example.com,",
        "Sluice.Example.com:443,",
        "localhost:8080,http://localhost:8080",
        "localhost,http://localhost:80",
        "localhost:80,http://localhost",
        "localhost:8080,https://ops.example.com",
        "[::1]:8080,http://[::1]:8080",
    })
    void letsIn(String host, String origin) {
        assertThat(catchThrowable(() -> door.check(List.of(host), origin == null ? List.of() : List.of(origin))))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "evil.example.com,",
        "localhost.evil.com,",
        "127.0.0.1.evil.com,",
        "localhost@evil.com,",
        "'',",
        "localhost:8080:1,",
        "localhost:x,",
        "localhost:8080,http://localhost:8081",
        "localhost:8080,http://127.0.0.1:8080",
        "localhost:8080,https://localhost:8080",
        "localhost:8080,http://localhost:8080.evil.com",
        "localhost:8080,http://evil.com",
        "localhost:8080,null",
        "localhost:8080,''",
    })
    void keepsOut(String host, String origin) {
        var refused = catchThrowable(() -> door.check(List.of(host), origin == null ? List.of() : List.of(origin)));

        assertThat(refused).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.kind()).isEqualTo(Failure.Kind.FORBIDDEN_ORIGIN);
            assertThat(failure.getMessage()).contains("found").contains("expected");
        });
    }
}
