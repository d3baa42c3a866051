package dev.sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/** The floor: a plain append-only file with group commit; each event with its length, stream and CRC32C, fdatasync per group. */
final class FileTarget extends GroupCommit {
    private static final int HEADER_BYTES = 16;

    private final FileChannel file;
    private final CRC32C crc = new CRC32C();
    private ByteBuffer buffer = ByteBuffer.allocateDirect(4 << 20);

    FileTarget(Path folder) {
        try {
            Files.createDirectories(folder);
            file = FileChannel.open(
                    folder.resolve("events.log"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        start();
    }

    @Override
    void commit(List<Waiting> group) throws IOException {
        buffer.clear();
        for (var waiting : group) {
            byte[] order = waiting.order();
            ensureRoom(HEADER_BYTES + order.length);
            crc.reset();
            crc.update(order);
            buffer.putInt((int) crc.getValue())
                    .putInt(order.length)
                    .putLong(waiting.stream())
                    .put(order);
        }
        buffer.flip();
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
        file.force(false);
    }

    @Override
    void closeFiles() throws IOException {
        file.close();
    }

    private void ensureRoom(int bytes) {
        if (buffer.remaining() < bytes) {
            buffer.flip();
            buffer = ByteBuffer.allocateDirect(2 * buffer.capacity() + bytes).put(buffer);
        }
    }
}
