package dev.sluice.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.command.Stock.Received;
import dev.sluice.command.Stock.Release;
import dev.sluice.command.Stock.Reserve;
import dev.sluice.command.Stock.Reserved;
import dev.sluice.testing.DeciderSpec;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeciderSpecTest {
    private final DeciderSpec<Stock.Command, Stock.Event, Stock> tenOnHand =
            DeciderSpec.of(Stock.RULES).given(new Received(10));

    @Test
    void holdsWhatIsDecidedAgainstWhatIsExpected() {
        var after = tenOnHand
                .when(new Reserve("o1", 3, Optional.empty()))
                .thenEvents(new Reserved("o1", 3))
                .when(new Reserve("o2", 8, Optional.empty()))
                .thenRejected("out_of_stock")
                .when(new Release("o2"))
                .thenNothing();

        assertThat(after.state().free()).isEqualTo(7);
    }

    @Test
    void saysWhatWasFoundInstead() {
        var reserved = tenOnHand.when(new Reserve("o1", 3, Optional.empty()));

        assertThatThrownBy(reserved::thenNothing)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Reserved[order=o1, quantity=3]")
                .hasMessageContaining("expected nothing");
        assertThatThrownBy(() -> reserved.thenRejected("out_of_stock")).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> reserved.thenEvents(new Reserved("o1", 4))).isInstanceOf(AssertionError.class);
    }
}
