package dev.sluice.projection;

import java.util.concurrent.locks.LockSupport;

/** Lets one thread sleep until something happens; a signal before it sleeps is not lost. */
final class Wakeup implements Runnable {
    private volatile boolean isSignalled;
    private volatile Thread sleeper = Thread.currentThread();

    /** The calling thread is the one that sleeps. */
    void begin() {
        sleeper = Thread.currentThread();
    }

    /** Signals; any thread. */
    @Override
    public void run() {
        if (!isSignalled) {
            isSignalled = true;
            LockSupport.unpark(sleeper);
        }
    }

    /** Forgets signals so far: whoever looks for work afterwards finds what they were about. */
    void clear() {
        isSignalled = false;
    }

    /** Sleeps until there is a signal since {@link #clear}, or for a while. */
    void await(long nanos) {
        if (!isSignalled) {
            LockSupport.parkNanos(this, nanos);
        }
    }
}
