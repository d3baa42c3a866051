package dev.sluice.saga;

import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.Send;
import java.time.Duration;

/** How patiently a command is sent. */
public final class Policy {
    static final Policy FORWARD = new Policy(Send.TIMEOUT, Retry.FORWARD);
    static final Policy UNDO = new Policy(Send.TIMEOUT, Retry.UNDO);

    private final Duration timeout;
    private final Retry retry;

    private Policy(Duration timeout, Retry retry) {
        this.timeout = timeout;
        this.retry = retry;
    }

    /** Of an attempt. */
    public Policy timeout(Duration ofAttempt) {
        return new Policy(ofAttempt, retry);
    }

    public Policy retry(Retry how) {
        return new Policy(timeout, how);
    }

    Duration timeout() {
        return timeout;
    }

    Retry retry() {
        return retry;
    }
}
