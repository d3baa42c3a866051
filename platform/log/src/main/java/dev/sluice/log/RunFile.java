package dev.sluice.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/** Writes a full {@link Run} as the rows of {@link IndexKeys}, in key order. */
final class RunFile implements Store.SstContent {
    private final Run run;
    private final byte[] value = new byte[IndexKeys.MAX_CHUNK * Bytes.MAX_VAR];
    private int[] places = new int[64];

    RunFile(Run run) {
        this.run = run;
    }

    @Override
    public void writeTo(SstFileWriter writer) throws RocksDBException {
        writer.put(IndexKeys.indexed(), Bytes.key(run.last()));
        StreamState[] streams = run.streams().toArray(new StreamState[0]);
        sortById(streams);
        for (StreamState stream : streams) {
            writeStream(writer, stream);
        }
        writePostings(writer, IndexKeys.TYPE, run.types());
        writePostings(writer, IndexKeys.CATEGORY, run.categories());
        List<Name> names = new ArrayList<>();
        for (StreamState stream : streams) {
            addNew(names, IndexKeys.STREAM_NAME, stream.name(), stream.id);
        }
        run.categories().forEach(known -> addNew(names, IndexKeys.CATEGORY_NAME, known.name(), known.id()));
        run.types().forEach(known -> addNew(names, IndexKeys.TYPE_NAME, known.name(), known.id()));
        names.sort((a, b) -> Arrays.compareUnsigned(a.key, b.key));
        for (Name name : names) {
            writer.put(name.key, Bytes.key(name.id));
        }
    }

    /** By id; on numbers alone as long as id and place fit into one, which is several times faster. */
    private static void sortById(StreamState[] streams) {
        int placeBits = 32 - Integer.numberOfLeadingZeros(streams.length);
        long[] keys = new long[streams.length];
        for (int place = 0; place < streams.length; place++) {
            if (streams[place].id >>> 63 - placeBits != 0) {
                Arrays.sort(streams, Comparator.comparingLong((StreamState stream) -> stream.id));
                return;
            }
            keys[place] = streams[place].id << placeBits | place;
        }
        Arrays.sort(keys);
        StreamState[] unsorted = streams.clone();
        for (int i = 0; i < keys.length; i++) {
            streams[i] = unsorted[(int) (keys[i] & (1L << placeBits) - 1)];
        }
    }

    private record Name(byte[] key, long id) {}

    private void addNew(List<Name> names, byte kind, String name, long id) {
        if (id >= run.first()) {
            names.add(new Name(IndexKeys.name(kind, name), id));
        }
    }

    private void writeStream(SstFileWriter writer, StreamState stream) throws RocksDBException {
        long ends = run.ends(stream);
        int count = 0;
        for (int index = StreamEnds.last(ends); index >= 0; index = run.previous(index)) {
            if (count == places.length) {
                places = Arrays.copyOf(places, 2 * count);
            }
            places[count++] = index;
        }
        long id = stream.id;
        long version = run.firstVersion(ends);
        for (int i = count - 1; i >= 0; ) {
            byte[] key = IndexKeys.chunk(IndexKeys.STREAM, id, version);
            int length = 0;
            long before = id;
            for (int n = 0; n < IndexKeys.MAX_CHUNK && i >= 0; n++, i--, version++) {
                long offset = run.first() + places[i];
                length = Bytes.putVar(value, length, offset - before);
                before = offset;
            }
            writer.put(key, Arrays.copyOf(value, length));
        }
    }

    private void writePostings(SstFileWriter writer, byte kind, Collection<Postings> all) throws RocksDBException {
        Postings[] sorted = all.toArray(new Postings[0]);
        Arrays.sort(sorted, Comparator.comparingLong(Postings::id));
        for (Postings postings : sorted) {
            int size = postings.size();
            int[] indexes = postings.indexes();
            for (int i = 0; i < size; ) {
                byte[] key = IndexKeys.chunk(kind, postings.id(), run.first() + indexes[i++]);
                int length = 0;
                for (int n = 1; n < IndexKeys.MAX_CHUNK && i < size; n++, i++) {
                    length = Bytes.putVar(value, length, indexes[i] - indexes[i - 1]);
                }
                writer.put(key, Arrays.copyOf(value, length));
            }
        }
    }
}
