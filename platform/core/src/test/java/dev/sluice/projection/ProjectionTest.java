package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProjectionTest {
    record Count(int events, List<String> ids) {}

    record Inexact(double total) {}

    record Nested(List<List<String>> lists) {}

    record Reserved(int key) {}

    record Empty() {}

    private static Projection.Builder<Count> counts() {
        return Projection.of("counts", Count.class);
    }

    private static void checkRefused(Runnable build, String message) {
        var refused = catchThrowableOfType(Failure.class, build::run);

        assertThat(refused.kind()).isEqualTo(Failure.Kind.DEFINITION_INVALID);
        assertThat(refused).hasMessageContaining(message);
    }

    @Test
    void refusesWhatNoColumnHolds() {
        checkRefused(() -> Projection.of("x", Inexact.class), "found double total in " + Inexact.class.getName());
        checkRefused(() -> Projection.of("x", Nested.class), "found java.util.List<java.util.List");
        checkRefused(
                () -> Projection.of("x", Reserved.class)
                        .fromAll()
                        .on("T", (event, row) -> row)
                        .build(),
                "columns.key: found the word 'key'");
        checkRefused(
                () -> Projection.of("x", Empty.class)
                        .fromAll()
                        .on("T", (event, row) -> row)
                        .build(),
                "columns: found 0 columns");
    }

    @Test
    void refusesWhatIsMissingOrWrongOrTwice() {
        checkRefused(() -> counts().fromAll().build(), "fold: found no list of 1 to 200 event types");
        checkRefused(() -> counts().on("T", (event, row) -> row).build(), "from: found nothing");
        checkRefused(() -> counts().on("T", (event, row) -> row).on("T", (event, row) -> row), "a second fold of T");
        var whole = counts().fromCategories("order", "null", "it's \"quoted\"").on("T", (event, row) -> row);
        checkRefused(() -> whole.version(0).build(), "java.version: found 0");
        whole.version(7);
        checkRefused(() -> whole.index("total").build(), "index: found 'total', expected a column");
        checkRefused(() -> whole.index("ids").build(), "index: found a column of lists");
        assertThat(whole.index("events desc")
                        .build()
                        .written()
                        .definition()
                        .from()
                        .names())
                .containsExactly("order", "null", "it's \"quoted\"");
        checkRefused(
                () -> Projection.of("no name", Count.class)
                        .fromAll()
                        .on("T", (event, row) -> row)
                        .build(),
                "projection: found 'no name'");
    }
}
