package dev.sluice.log;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The answer that a request got, kept under its id so that a repetition gets the same.
 *
 * @param digest of what was asked, to tell a repetition from an id used twice
 * @param first offset of its first event; when it has none, of the last event before it
 * @param count of its events
 * @param detail what else the answer says, in the format of who asked
 */
public record Remembered(
        long digest, long first, int count, long recordedMicros, List<Appended.StreamVersions> streams, byte[] detail) {
    private static final byte FORMAT = 1;

    /** The form in which it is kept. */
    public byte[] encode() {
        var bytes = new ByteArrayOutputStream(96 + detail.length);
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeLong(digest);
            out.writeLong(first);
            out.writeInt(count);
            out.writeLong(recordedMicros);
            out.writeInt(streams.size());
            for (Appended.StreamVersions versions : streams) {
                out.writeUTF(versions.stream());
                out.writeLong(versions.firstVersion());
                out.writeLong(versions.lastVersion());
            }
            out.write(detail);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    /** Reads what {@link #encode} wrote; CORRUPT, NEWER_FORMAT. */
    public static Remembered decode(byte[] row) {
        try (var in = new DataInputStream(new ByteArrayInputStream(row))) {
            byte format = in.readByte();
            if (format != FORMAT) {
                throw Failure.of(
                        Failure.Kind.NEWER_FORMAT,
                        "found a remembered answer of format " + format + ", expected " + FORMAT);
            }
            long digest = in.readLong();
            long first = in.readLong();
            int count = in.readInt();
            long recordedMicros = in.readLong();
            int streams = in.readInt();
            List<Appended.StreamVersions> versions = new ArrayList<>(streams);
            for (int i = 0; i < streams; i++) {
                versions.add(new Appended.StreamVersions(in.readUTF(), in.readLong(), in.readLong()));
            }
            return new Remembered(digest, first, count, recordedMicros, List.copyOf(versions), in.readAllBytes());
        } catch (IOException torn) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a torn remembered answer, expected a whole one");
        }
    }
}
