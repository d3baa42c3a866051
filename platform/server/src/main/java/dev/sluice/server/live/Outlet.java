package dev.sluice.server.live;

/** Where the frames of subscriptions go: a socket, or the answer to one request. Lives on one event loop. */
interface Outlet {
    Live live();

    /** Whether rows may be written now. */
    boolean hasRoom();

    /** Writes one message that consists of these parts; their arrays are not copied and must not be changed. */
    void send(byte[]... parts);

    /** Gives a subscription a turn as soon as there is room. */
    void wake(Subscription subscription);

    /** Ends a subscription that cannot go on, with the reason and where to go on from. */
    void fail(Subscription subscription, Throwable cause);
}
