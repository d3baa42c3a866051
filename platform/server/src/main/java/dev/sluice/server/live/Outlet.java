package dev.sluice.server.live;

import io.vertx.core.Future;
import java.util.concurrent.ThreadLocalRandom;

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

    /** Says goodbye and ends; done when it has. Any thread. */
    Future<Void> goodbye();

    /** The client comes back at a time of its own, so that not all do at once. */
    static byte[] goodbyeFrame() {
        long comeBack = ThreadLocalRandom.current().nextLong(250, 3_000);
        return JsonFrame.op("goodbye")
                .member("code", "drain")
                .member("reconnectInMs", comeBack)
                .end();
    }
}
