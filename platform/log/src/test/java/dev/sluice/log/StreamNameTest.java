package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class StreamNameTest {
    @Test
    void takesWhatIsWholeUnicode() {
        for (var name : List.of("order-1", "bestellung-\u00e4", "order-\uD83D\uDE00", "x".repeat(255))) {
            assertThat(StreamName.check(name)).isEqualTo(name);
        }
    }

    @Test
    void refusesControlCharactersAndHalvesOfCharacters() {
        for (var name : List.of("order-\n", "order-\uD83D", "order-\uDE00", "order-\uDE00\uD83D", "\uD83Dorder-1")) {
            assertThatThrownBy(() -> StreamName.check(name))
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("in a stream name, expected none");
        }
    }

    @Test
    void refusesWhatIsEmptyOrTooLong() {
        for (var name : List.of("", "x".repeat(256), "\u00e4".repeat(128))) {
            assertThatThrownBy(() -> StreamName.check(name))
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("bytes, expected 1 to 255");
        }
    }
}
