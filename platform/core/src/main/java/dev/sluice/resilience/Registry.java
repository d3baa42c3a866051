package dev.sluice.resilience;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who answers on which address. An instance is there as long as it renews its lease. One that fails {@link #FAILURES} times in a row is
 * ejected for a while, the longer the more often in a row, at most half of an address at once: when all fail, something else is wrong.
 *
 * <p>Without clock and timers: time passes when {@link #expire} is called. Any thread; a change replaces the {@link Pool} of its address
 * under a lock, a call reads it without one.
 */
public final class Registry {
    public static final Duration LEASE = Duration.ofSeconds(15);

    static final int FAILURES = 5;
    private static final char NUMBER = '#';
    static final int MOST_WEIGHT = 1_000;
    private static final Policy.OpenFor EJECTED_FOR =
            new Policy.OpenFor(Duration.ofSeconds(10), 2, Duration.ofMinutes(5), 0.2);
    private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

    private final InstanceListener listener;
    private final RandomGenerator random;
    private final Map<String, Pool> pools = new ConcurrentHashMap<>();
    private final Map<String, Member> byId = new ConcurrentHashMap<>();

    private final Object lock = new Object();
    private final ArrayDeque<InstanceListener.Change> untold = new ArrayDeque<>();
    private boolean isTelling;

    public enum State {
        UP,
        DRAINING,
        EJECTED;

        boolean is(Member member) {
            return member.state == this;
        }
    }

    /**
     * Where an instance is.
     *
     * @param id its own address on the bus
     * @param address that it answers, beside others
     * @param zone null: nobody knows
     * @param weight how much of the calls is meant for it, beside the others' weights
     */
    public record Endpoint(
            String id,
            String address,
            String node,
            @Nullable String zone,
            int weight,
            String version) {
        public Endpoint {
            if (weight < 1 || weight > MOST_WEIGHT) {
                throw new IllegalArgumentException(
                        "found weight " + weight + " of " + id + ", expected 1 to " + MOST_WEIGHT);
            }
        }

        /** How instances of an address are called. */
        static String id(String address, long number) {
            return address + NUMBER + number;
        }

        /** The address that an instance answers; of what is no instance, itself. */
        public static String addressOf(String id) {
            int end = id.lastIndexOf(NUMBER);
            return end < 0 ? id : id.substring(0, end);
        }
    }

    /**
     * An instance as it is. What calls tell is known of those that were picked: an address with one instance and no policy picks nobody.
     *
     * @param latencyNanos 0: not known
     * @param picks calls since it came
     * @param failures in a row
     * @param ejections since it came
     */
    public record Instance(
            Endpoint endpoint, State state, int inFlight, long latencyNanos, long picks, int failures, int ejections) {}

    public Registry(InstanceListener listener) {
        this(listener, new SplittableRandom());
    }

    Registry(InstanceListener listener, RandomGenerator random) {
        this.listener = listener;
        this.random = random;
    }

    /** Takes an instance in, up from now on; one that is known is renewed. */
    public void register(Endpoint endpoint, long nowNanos) {
        synchronized (lock) {
            var member = byId.get(endpoint.id());
            if (member == null) {
                member = new Member(endpoint, nowNanos);
                byId.put(endpoint.id(), member);
                pools.put(endpoint.address(), poolOf(member).with(member));
                happened(InstanceListener.Kind.REGISTERED, member);
            }
            member.leaseUntilNanos = nowNanos + LEASE.toNanos();
        }
        tell();
    }

    private Pool poolOf(Member member) {
        return pools.getOrDefault(member.endpoint().address(), Pool.EMPTY);
    }

    /** Prolongs a lease; false when there is none, because it was lost: to be registered again. */
    public boolean renew(String id, long nowNanos) {
        synchronized (lock) {
            var member = byId.get(id);
            if (member == null) {
                return false;
            }
            member.leaseUntilNanos = nowNanos + LEASE.toNanos();
            return true;
        }
    }

    /** Nobody calls it any more; what is under way ends as it began. */
    public void drain(String id) {
        synchronized (lock) {
            var member = byId.get(id);
            if (member != null && member.state != State.DRAINING) {
                change(member, State.DRAINING);
                member.leave(); // after the pool is changed: who may not begin finds others there
                happened(InstanceListener.Kind.DRAINING, member);
            }
        }
        tell();
    }

    /** It has gone. */
    public void remove(String id) {
        synchronized (lock) {
            var member = byId.get(id);
            if (member != null) {
                drop(member, InstanceListener.Kind.REMOVED);
            }
        }
        tell();
    }

    /** Lets time pass: lost leases and the ends of ejections. */
    public void expire(long nowNanos) {
        synchronized (lock) {
            for (var member : List.copyOf(byId.values())) {
                if (nowNanos - member.leaseUntilNanos >= 0) {
                    drop(member, InstanceListener.Kind.LOST);
                } else if (member.state == State.EJECTED && nowNanos - member.ejectedUntilNanos >= 0) {
                    member.startAfresh(nowNanos);
                    change(member, State.UP);
                    happened(InstanceListener.Kind.RESTORED, member);
                }
            }
        }
        tell();
    }

    private void drop(Member member, InstanceListener.Kind kind) {
        byId.remove(member.endpoint().id());
        var left = poolOf(member).without(member);
        if (left.members().isEmpty()) {
            pools.remove(member.endpoint().address());
        } else {
            pools.put(member.endpoint().address(), left);
        }
        member.leave();
        happened(kind, member);
    }

    private void change(Member member, State state) {
        member.state = state;
        pools.put(member.endpoint().address(), new Pool(poolOf(member).members()));
    }

    private void happened(InstanceListener.Kind kind, Member member) {
        untold.add(new InstanceListener.Change(kind, member.endpoint(), 0, 0));
    }

    /** Those of an address, null when it has none. */
    @Nullable
    Pool pool(String address) {
        return pools.get(address);
    }

    /** Ends a call that was begun and learns from it. */
    void settle(Member member, Outcome outcome, long tookNanos, long nowNanos) {
        if (member.learn(outcome, tookNanos, nowNanos) >= FAILURES) {
            eject(member, nowNanos);
        }
        member.end();
    }

    private void eject(Member member, long nowNanos) {
        synchronized (lock) {
            int failures = member.failuresInARow();
            if (failures < FAILURES
                    || member.state != State.UP
                    || byId.get(member.endpoint().id()) != member) {
                return;
            }
            member.forgiveFailures(); // so that one that cannot be ejected asks again after as many
            var members = poolOf(member).members();
            long ejected = members.stream().filter(State.EJECTED::is).count();
            long there =
                    members.size() - members.stream().filter(State.DRAINING::is).count();
            if (2 * (ejected + 1) > there) {
                return;
            }
            boolean wasWellForLong =
                    nowNanos - member.ejectedUntilNanos >= EJECTED_FOR.max().toNanos();
            member.ejectionsInARow = member.ejections == 0 || wasWellForLong ? 1 : member.ejectionsInARow + 1;
            member.ejections++;
            long forNanos = EJECTED_FOR.nanos(member.ejectionsInARow, random);
            member.ejectedUntilNanos = nowNanos + forNanos;
            change(member, State.EJECTED);
            untold.add(
                    new InstanceListener.Change(InstanceListener.Kind.EJECTED, member.endpoint(), failures, forNanos));
        }
        tell();
    }

    /** Tells when an instance has nothing under way, at least once; at once of one that has gone. */
    void whenIdle(String id, Runnable told) {
        var member = byId.get(id);
        if (member == null) {
            told.run();
        } else {
            member.whenIdle(told);
        }
    }

    /** Those there are, by address, each in the order in which they came. */
    public List<Instance> instances(long nowNanos) {
        var shown = new ArrayList<Instance>();
        synchronized (lock) {
            pools.entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(pool -> pool.getValue().members().forEach(member -> shown.add(member.shown(nowNanos))));
        }
        return shown;
    }

    /** One thread tells at a time, what others add too: in order, and a listener may use the registry. */
    private void tell() {
        while (true) {
            InstanceListener.Change change;
            synchronized (lock) {
                change = isTelling ? null : untold.poll();
                if (change == null) {
                    return;
                }
                isTelling = true;
            }
            try {
                listener.changed(change);
            } catch (RuntimeException thrown) {
                LOG.warn(
                        "event=instance-listener-failed instance={}",
                        change.endpoint().id(),
                        thrown);
            } finally {
                synchronized (lock) {
                    isTelling = false;
                }
            }
        }
    }
}
