package dev.sluice.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Looks through the record headers of RocksDB's write-ahead logs before RocksDB does: a damaged header whose type says
 * "recycled" makes the reader of RocksDB 11.8.1 spin without end. We never recycle logs, so such a type is damage.
 *
 * <p>Format (RocksDB, "Write Ahead Log File Format"): blocks of 32 KiB; a record is crc u32, length u16 (both little-endian),
 * type u8, data; what does not fit into a block goes on in the next.
 */
final class WalCheck {
    private static final int BLOCK = 32 << 10;
    private static final int HEADER = 7;
    private static final int FIRST_RECYCLED = 5;
    private static final int LAST_RECYCLED = 8;

    private WalCheck() {}

    /** CORRUPT, with file and place, when a log of the folder holds a damaged header of that kind. */
    static void check(Path folder) throws IOException {
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(folder, "*.log")) {
            for (Path log : logs) {
                checkLog(log);
            }
        }
    }

    private static void checkLog(Path log) throws IOException {
        var block = ByteBuffer.allocate(BLOCK);
        try (var file = FileChannel.open(log, StandardOpenOption.READ)) {
            long start = 0;
            while (file.read(block.clear(), start) > 0) {
                int damaged = damagedAt(block.array(), block.position());
                if (damaged >= 0) {
                    throw Failure.of(
                            Failure.Kind.CORRUPT,
                            "found a damaged record at byte " + (start + damaged) + " of " + log
                                    + ", expected records as they were written: restore the file, or accept the loss of what"
                                    + " follows by cutting it off there");
                }
                start += block.position();
            }
        }
    }

    /** Where a header of a recycled record begins, -1 for none. */
    private static int damagedAt(byte[] block, int length) {
        int at = 0;
        while (at + HEADER <= length) {
            int type = block[at + 6] & 0xff;
            if (type >= FIRST_RECYCLED && type <= LAST_RECYCLED) {
                return at;
            }
            int bytes = block[at + 4] & 0xff | (block[at + 5] & 0xff) << 8;
            if (type == 0 && bytes == 0) {
                return -1;
            }
            at += HEADER + bytes;
        }
        return -1;
    }
}
