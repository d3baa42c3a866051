package dev.sluice.server.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Input.OperatorAction;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.Instance;
import dev.sluice.server.gateway.wire.PageCursor;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code POST …/instances/{key}/VERB}: what operators do to an instance, and {@code POST …/instances/VERB} to many. */
final class SagaVerbRoutes {
    private static final Set<String> MEMBERS = Set.of("actionId", "reason", "step", "reply");
    private static final Set<Verb> NEED_REASON = Set.of(Verb.SKIP, Verb.RESOLVE, Verb.ABANDON);
    private static final int MAX_ID_CHARS = 200;
    private static final int MAX_REASON_CHARS = 1_000;
    /** So many instances are acted on beside each other. */
    private static final int TOGETHER = 50;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final SagaRoom sagas;
    private final SagaRoutes shown;
    private final LongSupplier clockMicros;

    SagaVerbRoutes(SagaRoom sagas, SagaRoutes shown, LongSupplier clockMicros) {
        this.sagas = sagas;
        this.shown = shown;
        this.clockMicros = clockMicros;
    }

    void addTo(Routes routes) {
        for (Verb verb : Verb.values()) {
            routes.withBody(HttpMethod.POST, SagaRoutes.INSTANCES + "/" + word(verb), call -> many(call, verb));
        }
        routes.withBody(HttpMethod.POST, SagaRoutes.INSTANCE + "/{verb}", this::one);
    }

    /** As it is in paths. */
    static String word(Verb verb) {
        return verb.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private Future<Answer> one(Call call) {
        call.query();
        String word = call.path("verb");
        var verb = Arrays.stream(Verb.values())
                .filter(each -> word(each).equals(word))
                .findFirst()
                .orElseThrow(() -> Failure.of(
                        Failure.Kind.NOT_FOUND,
                        "found '" + Query.shown(word) + "', expected one of "
                                + Arrays.stream(Verb.values())
                                        .map(SagaVerbRoutes::word)
                                        .collect(Collectors.joining(", "))));
        return sagas.act(call.path("saga"), call.path("key"), action(call, verb))
                .map(instance -> SagaJson.answer(200, shown.whole(instance)));
    }

    private Future<Answer> many(Call call, Verb verb) {
        Query query = call.query("status", "step", "olderThan", "where", "limit", "cursor", "dryRun");
        if (SagaFilter.PARAMETERS.stream().noneMatch(query::has)) {
            throw Query.invalid("found no filter, expected one of " + String.join(", ", SagaFilter.PARAMETERS));
        }
        String saga = call.path("saga");
        var filter = SagaFilter.of(saga, query, clockMicros.getAsLong());
        String after = PageCursor.parse(query.text("cursor"));
        int limit = query.limit();
        boolean isTried = query.flag("dryRun");
        var action = action(call, verb);
        SagaJson.versions(sagas, saga);
        return filter.page(sagas, after == null ? "" : after, limit).compose(page -> {
            var done = new Done(page, isTried);
            return (isTried ? Future.<Void>succeededFuture() : act(page.instances(), 0, action, done))
                    .map(all -> SagaJson.answer(200, done.json()));
        });
    }

    /** Goes on after those that refuse. */
    private Future<Void> act(List<Instance> instances, int from, OperatorAction action, Done done) {
        if (from >= instances.size()) {
            return Future.succeededFuture();
        }
        int end = Math.min(instances.size(), from + TOGETHER);
        var acting = new ArrayList<Future<Void>>();
        for (var instance : instances.subList(from, end)) {
            acting.add(sagas.act(instance.saga(), instance.key(), action)
                    .<Void>mapEmpty()
                    .recover(refused -> done.refused(instance.key(), refused)));
        }
        return Future.all(acting).compose(acted -> act(instances, end, action, done));
    }

    /** What became of the instances that a filter named. */
    private static final class Done {
        private final SagaRoom.Page page;
        private final boolean isTried;
        private final List<ObjectNode> refusals = new ArrayList<>();

        Done(SagaRoom.Page page, boolean isTried) {
            this.page = page;
            this.isTried = isTried;
        }

        Future<Void> refused(String key, Throwable cause) {
            if (!(cause instanceof Failure failure)) {
                return Future.failedFuture(cause);
            }
            refusals.add(JsonNodeFactory.instance
                    .objectNode()
                    .put("key", key)
                    .put("code", failure.kind().code())
                    .put("detail", failure.getMessage()));
            return Future.succeededFuture();
        }

        ObjectNode json() {
            int matched = page.instances().size();
            var json = JsonNodeFactory.instance
                    .objectNode()
                    .put("matched", matched)
                    .put("done", isTried ? 0 : matched - refusals.size());
            var keys = json.putArray("keys");
            page.instances().forEach(each -> keys.add(each.key()));
            json.putArray("refused").addAll(refusals);
            return json.put("cursor", page.after() == null ? null : PageCursor.after(page.after()));
        }
    }

    /** INVALID_REQUEST. */
    private static OperatorAction action(Call call, Verb verb) {
        call.checkContentEncoding();
        JsonNode body = body(call.body());
        String header = call.header("Idempotency-Key");
        String given = text(body, "actionId", MAX_ID_CHARS);
        if (header != null && given != null && !header.equals(given)) {
            throw Query.invalid("found Idempotency-Key and another actionId, expected one of them");
        }
        String id = given == null ? header : given;
        if (id == null || id.isBlank() || id.length() > MAX_ID_CHARS) {
            throw Query.invalid("found no actionId of 1 to " + MAX_ID_CHARS
                    + " characters, expected one, or the header Idempotency-Key: the same does nothing twice");
        }
        String reason = text(body, "reason", MAX_REASON_CHARS);
        if (NEED_REASON.contains(verb) && (reason == null || reason.isBlank())) {
            throw Query.invalid("found no reason to " + word(verb) + ", expected one: it is recorded");
        }
        JsonNode reply = body.get("reply");
        if (reply != null && verb != Verb.RESOLVE) {
            throw Query.invalid("found a reply to " + word(verb) + ", expected none: it is for resolve");
        }
        return new Input.OperatorAction(
                id, verb, call.actor(), reason == null ? "" : reason, text(body, "step", MAX_ID_CHARS), reply);
    }

    private static JsonNode body(byte[] bytes) {
        try {
            JsonNode body = bytes.length == 0 ? JSON.createObjectNode() : JSON.readTree(bytes);
            if (!body.isObject()) {
                throw Query.invalid("found a body that is no JSON object, expected {\"actionId\", \"reason\"}");
            }
            body.fieldNames().forEachRemaining(name -> {
                if (!MEMBERS.contains(name)) {
                    throw Query.invalid(
                            "found member '" + Query.shown(name) + "', expected actionId, reason, step and reply");
                }
            });
            return body;
        } catch (IOException malformed) {
            throw Query.invalid("found a body that is no JSON, expected {\"actionId\", \"reason\"}");
        }
    }

    private static @Nullable String text(JsonNode body, String name, int most) {
        JsonNode value = body.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isTextual() || value.textValue().length() > most) {
            throw Query.invalid("found another " + name + ", expected a string of at most " + most + " characters");
        }
        return value.textValue();
    }
}
