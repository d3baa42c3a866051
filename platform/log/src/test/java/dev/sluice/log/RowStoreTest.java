package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowStoreTest {
    private static final long MEMORY_BYTES = 8 << 20;

    @TempDir
    Path folder;

    @Test
    void appliesABatchAsAWhole() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            put(store, "a", "1", "b", "2", "c", "3");

            try (var batch = new RowStore.Batch()) {
                batch.put(bytes("d"), bytes("4"));
                batch.delete(bytes("a"));
                batch.delete(bytes("b"));
                store.write(batch);
            }

            assertThat(store.get(bytes("a"))).isNull();
            assertThat(rows(store, "a", "z")).containsExactly("c=3", "d=4");
        }
    }

    @Test
    void scansInTheOrderOfBytesWithinBounds() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            put(store, "b", "1", "a", "2", "é", "3", "c", "4");

            assertThat(rows(store, "a", "c")).containsExactly("a=2", "b=1");
            assertThat(rows(store, "b", "\uffff")).containsExactly("b=1", "c=4", "é=3");
            assertThat(rows(store, "x", "y")).isEmpty();
        }
    }

    @Test
    void aSnapshotStaysAsItWas() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            put(store, "a", "1");

            try (var before = store.snapshot()) {
                put(store, "a", "2", "b", "2");

                assertThat(before.get(bytes("a"))).isEqualTo(bytes("1"));
                assertThat(before.get(bytes("b"))).isNull();
                try (var scan = before.scan(bytes("a"), bytes("z"))) {
                    assertThat(scan.next()).isTrue();
                    assertThat(scan.value()).isEqualTo(bytes("1"));
                    assertThat(scan.next()).isFalse();
                }
            }
        }
    }

    @Test
    void deletesRanges() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            put(store, "a", "1", "b", "2", "c", "3");

            try (var batch = new RowStore.Batch()) {
                batch.deleteRange(bytes("a"), bytes("c"));
                store.write(batch);
            }

            assertThat(rows(store, "a", "z")).containsExactly("c=3");
        }
    }

    @Test
    void whatWasWrittenSurvivesACrashAndHalfAFileIsGone(@TempDir Path other) {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            put(store, "a", "1", "b", "1");

            store.ingest(file -> {
                file.put(bytes("c"), bytes("2"));
                file.add(bytes("a"), bytes("2"));
                file.addDelete(bytes("b"));
                for (int i = 0; i < 100_000; i++) {
                    file.add(bytes("row-" + (1_000_000 + i)), new byte[100]);
                }
                copy(folder, other.resolve("half"));
            });
            copy(folder, other.resolve("whole"));
        }

        try (var recovered = RowStore.open(other.resolve("half"), MEMORY_BYTES)) {
            assertThat(rows(recovered, "a", "z")).containsExactly("a=1", "b=1");
            recovered.ingest(file -> file.add(bytes("b"), bytes("3")));
            assertThat(rows(recovered, "a", "z")).containsExactly("a=1", "b=3");
        }
        try (var recovered = RowStore.open(other.resolve("whole"), MEMORY_BYTES)) {
            assertThat(rows(recovered, "a", "d")).containsExactly("a=2", "c=2");
            assertThat(rows(recovered, "row", "s")).hasSize(100_000);
        }
    }

    @Test
    void ingestsAFileAsAWhole() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            put(store, "a", "1", "c", "1");

            try (var before = store.snapshot()) {
                store.ingest(file -> {
                    file.delete(bytes("c"));
                    file.add(bytes("b"), bytes("2"));
                });

                assertThat(before.get(bytes("b"))).isNull();
                assertThat(before.get(bytes("c"))).isEqualTo(bytes("1"));
            }
            assertThat(rows(store, "a", "z")).containsExactly("a=1", "b=2");
        }
    }

    @Test
    void mergesWhatAFileWasGivenInAnyOrder() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            store.ingest(file -> {
                file.put(bytes("z"), bytes("1"));
                file.put(bytes("b"), bytes("1"));
                file.delete(bytes("c"));
                file.add(bytes("a"), bytes("2"));
                file.add(bytes("c"), bytes("2"));
                file.add(bytes("d"), bytes("2"));
            });

            assertThat(rows(store, "a", "zz")).containsExactly("a=2", "b=1", "c=2", "d=2", "z=1");
        }
    }

    @Test
    void aFileThatFailsChangesNothing() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            var failure = catchThrowableOfType(
                    Failure.class,
                    () -> store.ingest(file -> {
                        file.add(bytes("b"), bytes("1"));
                        file.add(bytes("a"), bytes("1"));
                    }));

            assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
            assertThat(rows(store, "a", "z")).isEmpty();
        }
    }

    @Test
    void refusesASecondOpener() {
        try (var store = RowStore.open(folder, MEMORY_BYTES)) {
            var failure = catchThrowableOfType(Failure.class, () -> RowStore.open(folder, MEMORY_BYTES));

            assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
            assertThat(store.get(bytes("a"))).isNull();
        }
    }

    @Test
    void aClosedStoreIsUnavailable() {
        var store = RowStore.open(folder, MEMORY_BYTES);
        store.close();
        store.close();

        var failure = catchThrowableOfType(Failure.class, () -> store.get(bytes("a")));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
    }

    private static void put(RowStore store, String... keysAndValues) {
        try (var batch = new RowStore.Batch()) {
            for (int i = 0; i < keysAndValues.length; i += 2) {
                batch.put(bytes(keysAndValues[i]), bytes(keysAndValues[i + 1]));
            }
            store.write(batch);
        }
    }

    private static List<String> rows(RowStore store, String from, String to) {
        var rows = new ArrayList<String>();
        try (var snapshot = store.snapshot();
                var scan = snapshot.scan(bytes(from), bytes(to))) {
            while (scan.next()) {
                rows.add(new String(scan.key(), StandardCharsets.UTF_8)
                        + "="
                        + new String(scan.value(), StandardCharsets.UTF_8));
            }
        }
        return rows;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void copy(Path from, Path to) {
        try (var files = Files.walk(from)) {
            for (var file : files.toList()) {
                var target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
