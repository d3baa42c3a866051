package dev.sluice.projection.row;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Aggregate.Latest;
import dev.sluice.projection.definition.Aggregate.Mean;
import dev.sluice.projection.definition.Aggregate.Members;
import dev.sluice.projection.definition.Aggregate.Placed;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The stored form of {@link Aggregate cells}: a letter for the kind, then what it holds. */
public final class Cells {
    private Cells() {}

    /** Reads a cell and writes it as one more event leaves it: {@link Aggregate#step}. What is common is not made an object in between. */
    public static void step(
            Aggregate aggregate,
            ByteReader in,
            ByteWriter out,
            @Nullable Object value,
            int size,
            long recordedMicros,
            int shard,
            long offset) {
        int tag = in.u8();
        if (tag == 'c') {
            out.u8('c').varint(in.varint() + 1);
        } else if (tag == 'p' && aggregate == Aggregate.LAST && value != null) {
            int from = in.at();
            if (Placed.compare(in.zigzag(), (int) in.varint(), in.varint(), recordedMicros, shard, offset) <= 0) {
                skipScalar(in, in.u8());
                out.u8('p');
                writePlaced(out, value, recordedMicros, shard, offset);
            } else {
                skipScalar(in, in.u8());
                out.u8('p').raw(in.bytes(), from, in.at());
            }
        } else {
            write(out, aggregate.step(read(in, tag), value, size, recordedMicros, shard, offset));
        }
    }

    /** Writes a cell as it is read. */
    public static void copy(ByteReader in, ByteWriter out) {
        int from = in.at();
        skip(in, in.u8());
        out.raw(in.bytes(), from, in.at());
    }

    /** Scalars one after the other. */
    public static byte[] writeScalars(ByteWriter out, @Nullable Object[] values) {
        out.clear();
        for (var value : values) {
            writeScalar(out, value);
        }
        return out.toBytes();
    }

    static @Nullable Object[] readScalars(byte[] stored, int count) {
        return readScalars(new ByteReader(stored), count);
    }

    public static @Nullable Object[] readScalars(ByteReader in, int count) {
        var values = new Object[count];
        for (int i = 0; i < count; i++) {
            values[i] = readScalar(in, in.u8());
        }
        return values;
    }

    static void write(ByteWriter out, @Nullable Object cell) {
        if (cell instanceof Long count) {
            out.u8('c').varint(count);
        } else if (cell instanceof Placed placed) {
            out.u8('p');
            writePlaced(out, placed);
        } else if (cell instanceof Members members) {
            out.u8('S').varint(members.values().size());
            members.values().forEach(value -> writeScalar(out, value));
        } else if (cell instanceof Latest latest) {
            out.u8('L').varint(latest.values().size());
            latest.values().forEach(value -> writePlaced(out, value));
        } else if (cell instanceof List<?> values) {
            out.u8('A').varint(values.size());
            values.forEach(value -> writeScalar(out, value));
        } else if (cell instanceof Mean mean) {
            out.u8('m').varint(mean.count());
            writeScalar(out, mean.sum());
        } else {
            writeScalar(out, cell);
        }
    }

    private static void writePlaced(ByteWriter out, Placed placed) {
        writePlaced(out, placed.value(), placed.recordedMicros(), placed.shard(), placed.offset());
    }

    private static void writePlaced(ByteWriter out, Object value, long recordedMicros, int shard, long offset) {
        out.zigzag(recordedMicros).varint(shard).varint(offset);
        writeScalar(out, value);
    }

    private static void writeScalar(ByteWriter out, @Nullable Object value) {
        if (value == null) {
            out.u8('0');
        } else if (value instanceof Decimal number) {
            if (number.isCompact()) {
                out.u8('d').varint(number.scale()).zigzag(number.unscaled());
            } else {
                var big = number.toBigDecimal();
                out.u8('D').varint(big.scale()).sized(big.unscaledValue().toByteArray());
            }
        } else if (value instanceof String text) {
            out.u8('s').text(text);
        } else if (value instanceof Boolean truth) {
            out.u8(truth ? 'T' : 'F');
        } else {
            out.u8('t').zigzag(((Time) value).micros());
        }
    }

    static @Nullable Object read(ByteReader in) {
        return read(in, in.u8());
    }

    private static @Nullable Object read(ByteReader in, int tag) {
        return switch (tag) {
            case 'c' -> in.varint();
            case 'p' -> readPlaced(in);
            case 'S' -> new Members(readValues(in));
            case 'A' -> readValues(in);
            case 'L' -> {
                var values = new Placed[(int) in.varint()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = readPlaced(in);
                }
                yield new Latest(List.of(values));
            }
            case 'm' -> {
                long count = in.varint();
                yield new Mean((Decimal) present(readScalar(in, in.u8())), count);
            }
            default -> readScalar(in, tag);
        };
    }

    private static List<Object> readValues(ByteReader in) {
        var values = new Object[(int) in.varint()];
        for (int i = 0; i < values.length; i++) {
            values[i] = present(readScalar(in, in.u8()));
        }
        return List.of(values);
    }

    private static Placed readPlaced(ByteReader in) {
        long micros = in.zigzag();
        int shard = (int) in.varint();
        long offset = in.varint();
        return new Placed(present(readScalar(in, in.u8())), micros, shard, offset);
    }

    private static @Nullable Object readScalar(ByteReader in, int tag) {
        return switch (tag) {
            case '0' -> null;
            case 'd' -> {
                int scale = (int) in.varint();
                yield Decimal.of(in.zigzag(), scale);
            }
            case 'D' -> {
                int scale = (int) in.varint();
                yield Decimal.of(new BigDecimal(new BigInteger(in.sized()), scale));
            }
            case 's' -> in.text();
            case 'T' -> true;
            case 'F' -> false;
            case 't' -> new Time(in.zigzag());
            default -> throw unknown(tag);
        };
    }

    private static void skip(ByteReader in, int tag) {
        switch (tag) {
            case 'c' -> in.varint();
            case 'p' -> skipPlaced(in);
            case 'S', 'A' -> {
                for (long left = in.varint(); left > 0; left--) {
                    skipScalar(in, in.u8());
                }
            }
            case 'L' -> {
                for (long left = in.varint(); left > 0; left--) {
                    skipPlaced(in);
                }
            }
            case 'm' -> {
                in.varint();
                skipScalar(in, in.u8());
            }
            default -> skipScalar(in, tag);
        }
    }

    private static void skipPlaced(ByteReader in) {
        in.zigzag();
        in.varint();
        in.varint();
        skipScalar(in, in.u8());
    }

    private static void skipScalar(ByteReader in, int tag) {
        switch (tag) {
            case '0', 'T', 'F' -> {}
            case 'd' -> {
                in.varint();
                in.zigzag();
            }
            case 'D' -> {
                in.varint();
                in.skipSized();
            }
            case 's' -> in.skipSized();
            case 't' -> in.zigzag();
            default -> throw unknown(tag);
        }
    }

    private static Failure unknown(int tag) {
        return Failure.of(Failure.Kind.CORRUPT, "found a cell of kind " + tag + ", expected a known one");
    }

    private static Object present(@Nullable Object value) {
        if (value == null) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a cell without its value, expected one");
        }
        return value;
    }
}
