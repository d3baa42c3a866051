package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.server.gateway.wire.Percent;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class RequestPropertiesTest {
    @Property(tries = 500)
    void whatIsPercentEncodedIsDecodedAgain(@ForAll String text) {
        if (text.codePoints().anyMatch(c -> c >= 0xd800 && c <= 0xdfff)) {
            return;
        }

        assertThat(Percent.decode(Percent.encode(text), false, Kind.INVALID_REQUEST, "it"))
                .isEqualTo(text);
    }

    @Property(tries = 500)
    void noQueryIsABug(@ForAll String raw) {
        Throwable thrown = catchThrowable(() -> Query.parse(raw, Set.of("a")));

        assertThat(thrown == null || thrown instanceof Failure).isTrue();
    }
}
