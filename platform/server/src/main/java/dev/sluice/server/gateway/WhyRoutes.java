package dev.sluice.server.gateway;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.Explanation;
import dev.sluice.projection.Projections;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.Verdict;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What each consumer did with an event: {@code /v1/events/{position}/why}, and of one projection {@code …/explain}. */
final class WhyRoutes {
    private final EventLog log;
    private final Projections projections;
    private final SagaRoom sagas;
    private final DeadLetters letters;
    private final List<SourceConfig> sources;
    private final OffLoop offLoop;

    /** @param offLoop where dead letters are read */
    WhyRoutes(Gateway.Rooms rooms, OffLoop offLoop) {
        log = rooms.log();
        projections = rooms.projections();
        sagas = rooms.sagas();
        letters = rooms.deadLetters();
        sources = rooms.sources();
        this.offLoop = offLoop;
    }

    void addTo(Routes routes) {
        routes.get("/v1/events/{position}/why", this::why).get("/v1/projections/{projection}/explain", this::explain);
    }

    private Future<Answer> explain(Call call) {
        String position = call.query("position").filled("position");
        if (position == null) {
            throw Query.invalid("found no parameter position, expected one such as position=0:184223");
        }
        String projection = call.path("projection");
        projections.info(projection);
        return event(Position.parse(position))
                .compose(event -> projections.explain(projection, event))
                .map(told -> Answer.json(200, consumer(told, true)));
    }

    private Future<RecordedEvent> event(Position position) {
        Future<@Nullable RecordedEvent> found =
                position.shard() < log.shards() ? log.event(position) : Future.succeededFuture();
        return found.map(event -> {
            if (event == null) {
                throw Failure.of(
                        Kind.EVENT_NOT_FOUND,
                        "found no event at position " + position + ", expected one below the head");
            }
            return event;
        });
    }

    private Future<Answer> why(Call call) {
        boolean isAll = call.query("all").flag("all");
        return event(Position.parse(call.path("position")))
                .compose(event -> sources(event).compose(before -> Future.join(projections.list().stream()
                                .map(info -> explained(info, event))
                                .toList())
                        .compose(told -> sagas.why(event)
                                .map(verdicts -> Answer.json(
                                        200, why(event, before, told.list(), ofSagas(verdicts, isAll), isAll))))));
    }

    /** What its source did with it: a record became the event, or the event is the dead letter of one. */
    private Future<JsonArray> sources(RecordedEvent event) {
        if (event.stream().startsWith(DeadLetters.PREFIX)) {
            return offLoop.run(() -> letters.get(event.position().toString()))
                    .map(letter -> new JsonArray().add(consumer(letter)))
                    .recover(refused ->
                            refused instanceof Failure failure && failure.kind() == Kind.DEAD_LETTER_NOT_FOUND
                                    ? Future.succeededFuture(new JsonArray())
                                    : Future.failedFuture(refused));
        }
        var applied = new JsonArray();
        var origin = event.origin();
        if (origin != null) {
            sources.stream()
                    .filter(source -> source.reads(origin.topic()))
                    .forEach(source -> applied.add(new JsonObject()
                            .put("consumer", "source:" + source.name())
                            .put("outcome", "applied")
                            .put("seen", seen(event.recordedMicros(), event.recordedMicros()))));
        }
        return Future.succeededFuture(applied);
    }

    private static JsonObject consumer(DeadLetters.DeadLetter letter) {
        return new JsonObject()
                .put("consumer", letter.consumer())
                .put("outcome", "dead_lettered")
                .put("reason", letter.reason())
                .put("detail", letter.detail())
                .put("deadLetter", letter.id())
                .put("state", letter.isOpen() ? "open" : "resolved");
    }

    /** Null when the projection has gone, or its definition is not read any more. */
    private Future<@Nullable Explanation> explained(Projections.Info info, RecordedEvent event) {
        try {
            return projections.why(info.name(), event).otherwise(WhyRoutes::goneIfNotFound);
        } catch (Failure refused) {
            return Future.succeededFuture(goneIfNotFound(refused));
        }
    }

    private static @Nullable Explanation goneIfNotFound(Throwable failed) {
        if (failed instanceof Failure failure && failure.kind() == Kind.PROJECTION_NOT_FOUND) {
            return null;
        }
        throw failed instanceof RuntimeException refused ? refused : new IllegalStateException(failed);
    }

    private JsonArray ofSagas(List<Verdict> verdicts, boolean isAll) {
        var consumers = new JsonArray();
        for (String saga : sagas.versions().keySet()) {
            var told =
                    verdicts.stream().filter(each -> each.saga().equals(saga)).toList();
            told.forEach(each -> consumers.add(SagaJson.consumer(each)));
            if (told.isEmpty() && isAll) {
                consumers.add(new JsonObject().put("consumer", "saga:" + saga).put("outcome", "not_meant"));
            }
        }
        return consumers;
    }

    private static JsonObject why(
            RecordedEvent event, JsonArray before, List<@Nullable Explanation> told, JsonArray ofSagas, boolean isAll) {
        var consumers = before.copy();
        for (var each : told) {
            if (each != null && (isAll || !(each.outcome() instanceof Explanation.NotMeant))) {
                consumers.add(consumer(each, false));
            }
        }
        consumers.addAll(ofSagas);
        var origin = event.origin();
        return new JsonObject()
                .put("position", event.position().toString())
                .put("id", event.id())
                .put("type", event.type())
                .put("stream", event.stream())
                .put("streamversion", event.version())
                .put(
                        "source",
                        origin == null
                                ? null
                                : new JsonObject()
                                        .put("topic", origin.topic())
                                        .put("partition", origin.partition())
                                        .put("offset", origin.offset()))
                .put("consumers", consumers);
    }

    /** @param isDry with what folding it would change; else what has been done with it */
    private static JsonObject consumer(Explanation told, boolean isDry) {
        boolean isReached = told.way() instanceof Explanation.Reached;
        var consumer = new JsonObject()
                .put("consumer", "projection:" + told.projection())
                .put("generation", told.generation())
                .put("outcome", isReached || isDry ? word(told.outcome()) : unreached(told.outcome()));
        if (told.way() instanceof Explanation.Ahead ahead) {
            consumer.put("lag", ProjectionRoutes.lag(ahead.lag())).put("estimate", estimate(ahead));
        } else if (told.way() instanceof Explanation.Reached reached) {
            consumer.put("seen", seen(reached.afterMicros(), reached.byMicros()));
        }
        addDetails(consumer, told.outcome(), isDry);
        return consumer.put("reached", isReached).put("cursor", told.cursor().encode());
    }

    private static JsonObject estimate(Explanation.Ahead ahead) {
        return new JsonObject()
                .put("events", ahead.events())
                .put("ms", ahead.millis() < 0 ? null : ahead.millis())
                .put("reason", ahead.reason());
    }

    private static JsonObject seen(long afterMicros, long byMicros) {
        return new JsonObject().put("after", time(afterMicros)).put("by", time(byMicros));
    }

    private static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }

    private static String unreached(Explanation.Outcome outcome) {
        return outcome instanceof Explanation.NotMeant ? word(outcome) : "not_reached";
    }

    private static String word(Explanation.Outcome outcome) {
        if (outcome instanceof Explanation.Filtered) {
            return "filtered";
        } else if (outcome instanceof Explanation.Late) {
            return "late";
        } else if (outcome instanceof Explanation.Parked) {
            return "parked";
        } else if (outcome instanceof Explanation.Refused) {
            return "dead_lettered";
        } else if (outcome instanceof Explanation.Discarded) {
            return "discarded";
        } else if (outcome instanceof Explanation.Folded) {
            return "applied";
        } else if (outcome instanceof Explanation.Untold) {
            return "untold";
        }
        return "not_meant";
    }

    private static void addDetails(JsonObject consumer, Explanation.Outcome outcome, boolean isDry) {
        if (outcome instanceof Explanation.Filtered filtered) {
            consumer.put("where", filtered.where());
        } else if (outcome instanceof Explanation.Parked parked) {
            consumer.put("keys", new JsonArray(parked.keys()))
                    .put("behind", parked.behind().toString());
        } else if (outcome instanceof Explanation.Refused refused) {
            consumer.put("keys", new JsonArray(refused.keys())).put("detail", refused.detail());
            if (refused.letter() != null) {
                consumer.put("deadLetter", refused.letter().toString());
            }
        } else if (outcome instanceof Explanation.Untold untold) {
            consumer.put("detail", untold.problem());
        } else if (outcome instanceof Explanation.Discarded discarded) {
            consumer.put("deadLetter", discarded.letter().toString());
        } else if (outcome instanceof Explanation.Folded folded) {
            if (folded.retried() != null) {
                consumer.put("deadLetter", folded.retried().toString());
            }
            var keys = folded.rows().stream().map(Explanation.RowChange::key).toList();
            consumer.put("keys", new JsonArray(keys));
            if (isDry) {
                var rows = new JsonArray();
                folded.rows()
                        .forEach(row -> rows.add(new JsonObject()
                                .put("key", row.key())
                                .put("before", object(row.before()))
                                .put("after", object(row.after()))));
                consumer.put("rows", rows);
            }
        }
    }

    private static @Nullable JsonObject object(@Nullable String json) {
        return json == null ? null : new JsonObject(json);
    }
}
