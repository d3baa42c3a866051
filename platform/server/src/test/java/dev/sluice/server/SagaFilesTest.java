package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.watch.ExpectsErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sagas in files are registered; what is refused is a problem of its file until it is mended. */
class SagaFilesTest {
    private static final String PARCEL = """
            saga: parcel
            version: 1
            start: { event: ParcelWanted, key: =data.id, data: { id: =data.id } }
            steps:
              - { name: ship, kind: pivot, send: Ship, to: "bus:carrier", with: { id: =state.id } }
            """;

    @TempDir
    private Path folder;

    private final List<SagaDefinition> registered = new ArrayList<>();

    @Test
    void registersThemWhenItStarts() throws IOException {
        Files.writeString(folder.resolve("parcel.yaml"), PARCEL);

        try (var files = new SagaFiles(List.of(folder), registered::add)) {
            files.start();

            assertThat(registered).extracting(SagaDefinition::name).containsExactly("parcel");
            assertThat(files.problems()).isEmpty();
        }
    }

    @Test
    @ExpectsErrors("saga_file_refused")
    void keepsWhatIsWrongWithAFileAndRegistersTheOthers() throws IOException {
        Files.writeString(folder.resolve("a.yaml"), "saga: [");
        Files.writeString(folder.resolve("b.yaml"), PARCEL);

        try (var files = new SagaFiles(List.of(folder), registered::add)) {
            files.start();

            assertThat(files.problems()).containsOnlyKeys(folder.resolve("a.yaml"));
            assertThat(registered).hasSize(1);
        }
    }

    @Test
    @ExpectsErrors("saga_file_refused")
    void showsThatAVersionWasRegisteredWithOtherContent() throws IOException {
        Files.writeString(folder.resolve("parcel.yaml"), PARCEL);

        try (var files = new SagaFiles(List.of(folder), saga -> {
            throw Failure.of(Failure.Kind.DEFINITION_INVALID, "found version 1 with another hash");
        })) {
            files.start();

            assertThat(files.problems().get(folder.resolve("parcel.yaml"))).contains("another hash");
        }
    }
}
