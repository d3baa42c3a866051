package dev.sluice.server.live;

/** The credit of one subscription, in rows: how many more may be sent before the client has to say more. */
final class Flow {
    static final int DEFAULT_WINDOW = 1_000;

    private final long window;
    private long credit;
    private boolean isPaused;
    private boolean isStarted;

    /** A wanted window of 0 starts paused: the first credit, or a resume, starts it. */
    static Flow of(long wanted, int maxWindow) {
        return new Flow(wanted == 0 ? Math.min(DEFAULT_WINDOW, maxWindow) : Math.min(wanted, maxWindow), wanted > 0);
    }

    /** For a client that says nothing of credit: its connection alone holds it back. */
    static Flow endless() {
        return new Flow(Long.MAX_VALUE, true);
    }

    private Flow(long window, boolean isStarted) {
        this.window = window;
        this.isStarted = isStarted;
        this.credit = isStarted ? window : 0;
    }

    /** Rows that may be sent now. */
    long room() {
        return isPaused ? 0 : credit;
    }

    /** Whether so many rows may go out that cannot be told apart; all the credit there can be is enough for any. */
    boolean allows(long rows) {
        return room() >= rows || room() == window;
    }

    void take(long rows) {
        credit = Math.max(0, credit - rows);
    }

    void add(long rows) {
        isStarted = true;
        credit = rows >= window - credit ? window : credit + rows;
    }

    void refill() {
        isStarted = true;
        credit = window;
    }

    void pause() {
        isPaused = true;
    }

    void resume() {
        isPaused = false;
        if (!isStarted) {
            refill();
        }
    }

    boolean isPaused() {
        return isPaused;
    }
}
