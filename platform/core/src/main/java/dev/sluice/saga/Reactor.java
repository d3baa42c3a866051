package dev.sluice.saga;

import dev.sluice.log.Failure;
import dev.sluice.log.ShardTransaction;
import dev.sluice.saga.Incoming.Acted;
import dev.sluice.saga.Incoming.Answered;
import dev.sluice.saga.Incoming.Arrived;
import dev.sluice.saga.Incoming.Called;
import dev.sluice.saga.Incoming.Concern;
import dev.sluice.saga.Incoming.Fired;
import dev.sluice.saga.Incoming.Matched;
import dev.sluice.saga.Incoming.Passed;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Machine;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Lets the instances of a shard react to a batch of inputs, in one write. Runs on the writer thread, one write at a time and the next only
 * after the commit of the one before.
 */
final class Reactor {
    /** Events of an instance that came before it, or that it holds. */
    private static final int MAX_EARLY = 100;

    private final Definitions definitions;
    private final int shards;
    private final int maxEventBytes;
    private final InstanceCache cache;

    Reactor(Definitions definitions, SagaLimits limits, int shards) {
        this.definitions = definitions;
        this.shards = shards;
        this.maxEventBytes = limits.maxEventBytes();
        this.cache = new InstanceCache(limits.cacheBytes() / shards);
    }

    /** A write has failed: what it left in memory is not what is stored. */
    void forget() {
        cache.clear();
    }

    Reacted react(ShardTransaction shard, List<Incoming> batch) {
        var changes = new Changes(shard, cache, maxEventBytes);
        batch.forEach(input -> take(changes, input));
        return changes.finish();
    }

    /** Takes an input that must not be reacted to, because it broke the process or the write whenever it was: parks what it is for. */
    Reacted park(ShardTransaction shard, Incoming input, String error) {
        var changes = new Changes(shard, cache, maxEventBytes);
        if (input instanceof Arrived it) {
            if (it.offset() > changes.cursor(it.source())) {
                changes.begin(it);
                it.concerns().forEach(concern -> park(changes, concern, it.event(), error));
                changes.pass(it.source(), it.offset());
            }
        } else if (input instanceof Answered it) {
            park(changes, it.of().id(), it.reply(), it.cause(), error);
        } else if (input instanceof Fired it) {
            park(changes, it.id(), it.timer(), it.cause(), error);
        } else if (input instanceof Called it) {
            park(changes, it.id(), new Input.Admit(), it.cause(), error);
        } else if (input instanceof Acted it) {
            changes.answer(new Reacted.Answer(it, null, Failure.of(Failure.Kind.INTERNAL, error)));
        }
        return changes.finish();
    }

    private void park(Changes changes, Concern concern, ReceivedEvent event, String error) {
        var id = concern.id();
        var instance = id == null ? null : changes.instance(id);
        if (id == null || instance == null || instance.status().isEnded()) {
            changes.letter(concern, event, DeadLetter.CRASHES, error);
        } else {
            String trigger = concern.triggers().get(0).trigger();
            park(changes, id, new Input.EventReceived(trigger, event), event.id(), error);
        }
    }

    private void park(Changes changes, InstanceId id, Input input, String cause, String error) {
        var instance = changes.instance(id);
        if (instance != null) {
            changes.take(id, Machine.park(instance, input, ParkReason.POISON, error, changes.nowMicros()), cause);
        }
    }

    private void take(Changes changes, Incoming input) {
        if (input instanceof Arrived it) {
            if (it.offset() > changes.cursor(it.source())) {
                changes.begin(it);
                it.concerns().forEach(concern -> arrived(changes, concern, it.event()));
                changes.pass(it.source(), it.offset());
            }
        } else if (input instanceof Passed it) {
            changes.pass(it.source(), it.offset());
        } else if (input instanceof Answered it) {
            var instance = changes.instance(it.of().id());
            if (instance != null && instance.run() == it.of().run()) {
                react(changes, it.of().id(), instance, it.reply(), it.cause());
            }
        } else if (input instanceof Fired it) {
            fired(changes, it);
        } else if (input instanceof Called it) {
            called(changes, it);
        } else if (input instanceof Acted it) {
            acted(changes, it);
        }
    }

    private void called(Changes changes, Called called) {
        var id = called.id();
        var instance = changes.instance(id);
        if (instance != null
                && instance.status() == Status.PENDING
                && Admission.room(definitions.newest(id.saga()), shards, changes.counts(id.saga())) > 0) {
            react(changes, id, instance, new Input.Admit(), called.cause());
        }
    }

    private void arrived(Changes changes, Concern concern, ReceivedEvent event) {
        var problem = concern.problem();
        if (problem != null) {
            changes.letter(concern, event, problem.reason(), problem.detail());
            return;
        }
        var id = Objects.requireNonNull(concern.id(), "nobody is given an event without a key");
        var instance = changes.instance(id);
        var newest = definitions.newest(id.saga());
        boolean isStart = concern.triggers().stream()
                .anyMatch(matched -> matched.trigger().equals(Definitions.START));
        boolean isNext = instance != null
                && instance.status().isEnded()
                && !instance.startedAt().equals(event.position())
                && newest != null
                && newest.structure().restart();
        if (isStart && newest != null && (instance == null || isNext)) {
            begin(changes, id, newest, instance == null ? 1 : instance.run() + 1, event);
        } else if (instance != null) {
            feed(changes, id, instance, concern.triggers(), event);
        } else if (newest != null) {
            hold(changes, id, newest, concern.triggers(), event);
        }
    }

    private void begin(Changes changes, InstanceId id, SagaDefinition definition, int run, ReceivedEvent event) {
        boolean waits = definition.structure().maxRunning() != null
                && Admission.isFull(definition, shards, changes.counts(id.saga()));
        var begun = Machine.begin(definition, id.key(), run, event, waits ? changes.turn() : null, changes.nowMicros());
        try {
            changes.take(id, begun, event.id());
        } catch (Failure tooLarge) {
            changes.letter(Concern.of(id), event, DeadLetter.TOO_LARGE, tooLarge.getMessage());
            return;
        }
        var early = changes.early(id);
        if (!early.isEmpty()) {
            changes.setEarly(id, List.of());
            for (var each : early) {
                var instance = changes.instance(id);
                if (instance != null) {
                    feed(changes, id, instance, each.triggers(), each.event());
                }
            }
        }
    }

    /** Gives an event to an instance by the trigger of its own version that wants it most. */
    private void feed(Changes changes, InstanceId id, Instance instance, List<Matched> triggers, ReceivedEvent event) {
        triggers.stream()
                .filter(matched -> matched.version() == instance.version()
                        || matched.trigger().equals(Definitions.START))
                .map(Matched::trigger)
                .min(Comparator.comparingInt(trigger -> rank(instance, trigger)))
                .ifPresent(
                        trigger -> react(changes, id, instance, new Input.EventReceived(trigger, event), event.id()));
    }

    private int rank(Instance instance, String trigger) {
        if (trigger.equals(Definitions.START)) {
            return 4;
        }
        var definition = definitions.of(instance.saga(), instance.version());
        if (definition == null || definition.structure().step(trigger) == null) {
            return 0;
        }
        StepStatus status = instance.step(trigger).status();
        return status == StepStatus.RUNNING ? 1 : status == StepStatus.PENDING ? 2 : 3;
    }

    private void hold(
            Changes changes, InstanceId id, SagaDefinition newest, List<Matched> triggers, ReceivedEvent event) {
        var wanted = triggers.stream()
                .filter(matched -> matched.version() == newest.version())
                .toList();
        if (wanted.isEmpty()) {
            return;
        }
        var early = new ArrayList<>(changes.early(id));
        if (early.size() >= MAX_EARLY) {
            changes.letter(
                    Concern.of(id),
                    event,
                    DeadLetter.TOO_MANY,
                    "found " + early.size() + " events before their instance, expected at most " + MAX_EARLY);
            return;
        }
        long untilMillis =
                changes.nowMicros() / 1_000 + newest.structure().holdEarly().toMillis();
        early.add(new Changes.Early(wanted, event, untilMillis));
        changes.setEarly(id, early);
    }

    private void fired(Changes changes, Fired fired) {
        var id = fired.id();
        if (fired.timer().dueMillis() > changes.nowMicros() / 1_000) {
            changes.rearm(fired.name()); // the group of this write began, and took its time, just before
            return;
        }
        if (!fired.timer().id().startsWith(RowKeys.EARLY_TIMER)) {
            var instance = changes.instance(id);
            if (instance != null) {
                react(changes, id, instance, fired.timer(), fired.cause());
            }
            return;
        }
        String position = fired.timer().id().substring(RowKeys.EARLY_TIMER.length());
        var early = new ArrayList<>(changes.early(id));
        early.stream()
                .filter(each -> each.event().position().equals(position))
                .findFirst()
                .ifPresent(each -> {
                    early.remove(each);
                    changes.setEarly(id, early);
                    changes.letter(
                            Concern.of(id),
                            each.event(),
                            DeadLetter.EXPIRED,
                            "no instance of key " + id.key() + " came in time");
                });
    }

    private void acted(Changes changes, Acted acted) {
        var instance = changes.instance(acted.id());
        try {
            if (instance == null) {
                throw Failure.of(
                        Failure.Kind.NOT_FOUND,
                        "found no instance of saga " + acted.id() + ", expected one that began");
            }
            if (definition(instance) != null) {
                react(changes, acted.id(), instance, acted.action(), acted.cause());
            } else if (acted.action().verb() == Input.Verb.ABANDON) {
                changes.take(acted.id(), Machine.abandon(instance, acted.action(), changes.nowMicros()), acted.cause());
            } else {
                throw Failure.of(Failure.Kind.WRONG_STATUS, missing(instance));
            }
            changes.answer(new Reacted.Answer(acted, changes.instance(acted.id()), null));
        } catch (Failure refused) {
            changes.answer(new Reacted.Answer(acted, null, refused));
        }
    }

    private @Nullable SagaDefinition definition(Instance instance) {
        var definition = definitions.of(instance.saga(), instance.version());
        return definition != null && definition.hash().equals(instance.hash()) ? definition : null;
    }

    private static String missing(Instance instance) {
        return "found no code of version " + instance.version() + " of saga " + instance.saga()
                + ", expected it to be registered: is its jar on the class path?";
    }

    private void react(Changes changes, InstanceId id, Instance instance, Input input, String cause) {
        var definition = definition(instance);
        Reaction reaction = definition == null
                ? Machine.park(instance, input, ParkReason.DEFINITION_MISSING, missing(instance), changes.nowMicros())
                : Machine.react(definition, instance, input, changes.nowMicros());
        if (input instanceof Input.EventReceived it
                && reaction.after().held().size()
                        > Math.max(MAX_EARLY, instance.held().size())) {
            changes.letter(
                    Concern.of(id),
                    it.event(),
                    DeadLetter.TOO_MANY,
                    "found " + instance.held().size() + " events held, expected at most " + MAX_EARLY);
            return;
        }
        try {
            changes.take(id, reaction, cause);
        } catch (Failure tooLarge) {
            oversized(changes, id, instance, input, cause, tooLarge);
        }
    }

    /** What does not fit into the stream of an instance parks it. */
    private static void oversized(
            Changes changes, InstanceId id, Instance instance, Input input, String cause, Failure tooLarge) {
        long nowMicros = changes.nowMicros();
        String error = tooLarge.getMessage();
        try {
            changes.take(id, Machine.park(instance, input, ParkReason.STATE_TOO_LARGE, error, nowMicros), cause);
        } catch (Failure stillTooLarge) {
            if (input instanceof Input.EventReceived it) {
                changes.letter(Concern.of(id), it.event(), DeadLetter.TOO_LARGE, error);
            } else {
                var alone = new Input.TimerFired("", 0);
                changes.take(id, Machine.park(instance, alone, ParkReason.STATE_TOO_LARGE, error, nowMicros), cause);
            }
        }
    }
}
