package dev.sluice.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * An opaque token of where a reader stands: for every shard the offset of the last event read (0 = before the first,
 * {@link #UNNAMED} = the cursor does not name that shard), and for views also store, generation and change number.
 *
 * <p>Immutable. The text form is base64url of: format byte, count of shards, an offset (i64) each, then the view part.
 */
public final class Cursor {
    public static final long UNNAMED = -1;
    private static final byte FORMAT = 1;
    private static final int MAX_SHARDS = 1024;

    /**
     * The part of a view's cursor.
     *
     * @param epoch rises after each unclean stop of the view store
     * @param generation of the projection, from 1
     * @param change number of the last commit of the generation that the reader has applied
     * @param key in the middle of a snapshot or of a commit split over frames: the last row key sent, else null
     */
    public record ViewPart(
            long storeId,
            int epoch,
            String projection,
            int generation,
            long change,
            @Nullable String key) {}

    private final long[] offsets;
    private final @Nullable ViewPart view;

    private Cursor(long[] offsets, @Nullable ViewPart view) {
        this.offsets = offsets;
        this.view = view;
    }

    /** A cursor of the log; {@code offsets[i]} is shard i's. */
    public static Cursor of(long... offsets) {
        return new Cursor(offsets.clone(), null);
    }

    /** Before the first event of every shard. */
    public static Cursor start(int shards) {
        return new Cursor(new long[shards], null);
    }

    /** Names one shard only. */
    public static Cursor at(Position position, int shards) {
        long[] offsets = new long[shards];
        Arrays.fill(offsets, UNNAMED);
        offsets[position.shard()] = position.offset();
        return new Cursor(offsets, null);
    }

    /** This cursor with the part of a view. */
    public Cursor with(ViewPart part) {
        return new Cursor(offsets, part);
    }

    /** This cursor with another offset for one shard. */
    public Cursor with(int shard, long offset) {
        long[] copy = offsets.clone();
        copy[shard] = offset;
        return new Cursor(copy, view);
    }

    public int shards() {
        return offsets.length;
    }

    /** The offset for a shard, {@link #UNNAMED} where the cursor does not name it. */
    public long offset(int shard) {
        return shard < offsets.length ? offsets[shard] : UNNAMED;
    }

    public @Nullable ViewPart view() {
        return view;
    }

    /** Whether this cursor is at or beyond {@code other} in every shard that {@code other} names. */
    public boolean covers(Cursor other) {
        for (int shard = 0; shard < other.offsets.length; shard++) {
            if (other.offsets[shard] > 0 && offset(shard) < other.offsets[shard]) {
                return false;
            }
        }
        return true;
    }

    /** This cursor; INVALID_CURSOR when it names what a log that ends at {@code head} does not have: then it is of another log. */
    public Cursor within(Cursor head) {
        for (int shard = 0; shard < offsets.length; shard++) {
            if (offsets[shard] > head.offset(shard)) {
                throw Failure.of(
                        Failure.Kind.INVALID_CURSOR,
                        "found a cursor at " + shard + ":" + offsets[shard]
                                + ", expected one within the log, which ends at " + shard + ":" + head.offset(shard));
            }
        }
        return this;
    }

    /** The text form. */
    public String encode() {
        byte[] projection = view == null ? new byte[0] : view.projection().getBytes(StandardCharsets.UTF_8);
        byte[] key =
                view == null || view.key() == null ? new byte[0] : view.key().getBytes(StandardCharsets.UTF_8);
        var out = ByteBuffer.allocate(
                3 + 8 * offsets.length + (view == null ? 0 : 8 + 4 + 2 + projection.length + 4 + 8 + 4 + key.length));
        out.put(FORMAT).putShort((short) offsets.length);
        for (long offset : offsets) {
            out.putLong(offset);
        }
        if (view != null) {
            out.putLong(view.storeId())
                    .putInt(view.epoch())
                    .putShort((short) projection.length)
                    .put(projection);
            out.putInt(view.generation()).putLong(view.change());
            out.putInt(view.key() == null ? -1 : key.length).put(key);
        }
        return Base64.getUrlEncoder().withoutPadding().encodeToString(out.array());
    }

    /** Reads the text form; anything else, and a cursor of more shards than {@code shards}, is INVALID_CURSOR. */
    public static Cursor parse(String text, int shards) {
        try {
            var in = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
            byte format = in.get();
            int count = in.getShort();
            if (format != FORMAT || count < 1 || count > MAX_SHARDS) {
                throw new IllegalArgumentException();
            }
            if (count > shards) {
                throw Failure.of(
                        Failure.Kind.INVALID_CURSOR,
                        "found a cursor of " + count + " shards, expected one of this log, which has " + shards);
            }
            long[] offsets = new long[shards];
            Arrays.fill(offsets, UNNAMED);
            for (int shard = 0; shard < count; shard++) {
                offsets[shard] = Math.max(in.getLong(), UNNAMED);
            }
            ViewPart view = in.hasRemaining() ? parseView(in) : null;
            if (in.hasRemaining()) {
                throw new IllegalArgumentException();
            }
            return new Cursor(offsets, view);
        } catch (IllegalArgumentException | java.nio.BufferUnderflowException malformed) {
            throw Failure.of(
                    Failure.Kind.INVALID_CURSOR,
                    "found a cursor that cannot be read, expected one that this server has given");
        }
    }

    private static ViewPart parseView(ByteBuffer in) {
        long storeId = in.getLong();
        int epoch = in.getInt();
        String projection = text(in, in.getShort());
        int generation = in.getInt();
        long change = in.getLong();
        int keyLength = in.getInt();
        return new ViewPart(storeId, epoch, projection, generation, change, keyLength < 0 ? null : text(in, keyLength));
    }

    private static String text(ByteBuffer in, int length) {
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Cursor that
                && Arrays.equals(offsets, that.offsets)
                && java.util.Objects.equals(view, that.view);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(offsets) + java.util.Objects.hashCode(view);
    }

    @Override
    public String toString() {
        return Arrays.toString(offsets) + (view == null ? "" : view);
    }
}
