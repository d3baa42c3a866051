package dev.sluice.resilience;

import java.util.Arrays;

/** The trials of one half-open phase: numbered places, each free, under way until a deadline, or succeeded. One thread at a time. */
final class Trials {
    private enum Place {
        FREE,
        UNDER_WAY,
        SUCCEEDED
    }

    private Place[] places;
    private long[] deadlines;
    private int underWay;
    private int succeeded;

    Trials(int limit) {
        places = new Place[limit];
        deadlines = new long[limit];
        clear();
    }

    void clear() {
        Arrays.fill(places, Place.FREE);
        underWay = 0;
        succeeded = 0;
    }

    /** Makes room for so many; those there are stay. */
    void reserve(int limit) {
        int before = places.length;
        if (limit > before) {
            places = Arrays.copyOf(places, limit);
            deadlines = Arrays.copyOf(deadlines, limit);
            Arrays.fill(places, before, limit, Place.FREE);
        }
    }

    boolean isFull(int limit) {
        return underWay + succeeded >= limit;
    }

    /** The number of a trial that begins, from 1; there must be room. */
    int begin(long deadlineNanos) {
        int place = 0;
        while (places[place] != Place.FREE) {
            place++;
        }
        places[place] = Place.UNDER_WAY;
        deadlines[place] = deadlineNanos;
        underWay++;
        return place + 1;
    }

    boolean isUnderWay(int number) {
        return number > 0 && number <= places.length && places[number - 1] == Place.UNDER_WAY;
    }

    void succeed(int number) {
        places[number - 1] = Place.SUCCEEDED;
        underWay--;
        succeeded++;
    }

    /** Its place is for another. */
    void giveBack(int number) {
        places[number - 1] = Place.FREE;
        underWay--;
    }

    int succeeded() {
        return succeeded;
    }

    /** How long until the first deadline of those under way, negative when it is past; {@code Long.MAX_VALUE} when there is none. */
    long nanosUntilDeadline(long nowNanos) {
        long nearest = Long.MAX_VALUE;
        if (underWay > 0) {
            for (int i = 0; i < places.length; i++) {
                if (places[i] == Place.UNDER_WAY) {
                    nearest = Math.min(nearest, deadlines[i] - nowNanos);
                }
            }
        }
        return nearest;
    }
}
