package dev.sluice.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/** The events of one type or category in a {@link Run}, as ascending places in it. One writer, many readers. */
final class Postings {
    private static final VarHandle SIZE;

    static {
        try {
            SIZE = MethodHandles.lookup().findVarHandle(Postings.class, "size", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final String name;
    private final long id;
    private int[] indexes = new int[8];

    @SuppressWarnings("unused") // through SIZE
    private int size;

    Postings(String name, long id) {
        this.name = name;
        this.id = id;
    }

    String name() {
        return name;
    }

    /** Offset of the first event of the type or category. */
    long id() {
        return id;
    }

    int size() {
        return (int) SIZE.getAcquire(this);
    }

    /** The array of places; take {@link #size} first. */
    int[] indexes() {
        return indexes;
    }

    void add(int index) {
        int n = (int) SIZE.get(this);
        if (n == indexes.length) {
            indexes = Arrays.copyOf(indexes, 2 * n);
        }
        indexes[n] = index;
        SIZE.setRelease(this, n + 1);
    }
}
