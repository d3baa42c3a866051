package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A note of how far events were acknowledged: the file {@code acknowledged}, 16 bytes (offset u64, its complement), rewritten
 * about once a second while events come, and once more when they cease; never synced. What it says is a lower bound of what was
 * on disk, so a log that recovers to less has lost acknowledged events, and must not go on as if it had not.
 */
final class Acknowledged implements AutoCloseable {
    private static final long EVERY_MICROS = 1_000_000;

    private final FileChannel file;
    private final ByteBuffer bytes = ByteBuffer.allocate(16);
    private long written;
    private long writtenMicros;

    Acknowledged(Path shardFolder) throws IOException {
        file = FileChannel.open(
                shardFolder.resolve("acknowledged"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /** Fails with CORRUPT when a shard recovered to less than was acknowledged. */
    void check(int shard, long recoveredHead) throws IOException {
        bytes.clear();
        int length = file.read(bytes, 0);
        long offset = length == 16 && bytes.getLong(0) == ~bytes.getLong(8) ? bytes.getLong(0) : 0;
        if (offset > recoveredHead) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found shard " + shard + " ending at offset " + recoveredHead + ", expected it to reach " + offset
                            + ", which was acknowledged: restore its files, or accept the loss by deleting shard-"
                            + shard
                            + "/acknowledged");
        }
    }

    /** Notes a committed head unless another was noted less than a second ago. */
    synchronized void note(long head, long nowMicros) throws IOException {
        if (nowMicros - writtenMicros >= EVERY_MICROS) {
            writtenMicros = nowMicros;
            write(head);
        }
    }

    /** Notes a committed head that stands for a while. */
    synchronized void noteIdle(long head) throws IOException {
        write(head);
    }

    private void write(long head) throws IOException {
        if (head > written) {
            bytes.clear();
            bytes.putLong(head).putLong(~head).flip();
            file.write(bytes, 0);
            written = head;
        }
    }

    synchronized void close(long head) throws IOException {
        write(head);
        close();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
