package dev.sluice.server.gateway;

import dev.sluice.expression.Filters;
import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.projection.Projections;
import dev.sluice.projection.Rows;
import dev.sluice.projection.View;
import dev.sluice.projection.row.Row;
import dev.sluice.server.gateway.wire.EntityTag;
import dev.sluice.server.gateway.wire.PageCursor;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** {@code /v1/projections}: definitions and rows. */
final class ProjectionRoutes {
    /** Those of a page, of {@link LiveRows an endless answer}, and of a long poll. */
    static final String[] ROWS_PARAMETERS = {
        "where",
        "prefix",
        "keys",
        "fields",
        "numbers",
        "orderBy",
        "scan",
        "limit",
        "cursor",
        "after",
        "waitMs",
        "at",
        "since",
        "wait",
        "minInterval",
        "mode",
        "snapshot"
    };

    private static final long DEFAULT_WAIT_MILLIS = 5_000;
    private static final long MAX_WAIT_MILLIS = 60_000;

    private final Projections projections;
    private final int shards;
    private final Workers workers;
    private final LongSupplier clockMicros;
    private final LiveRows liveRows;

    ProjectionRoutes(
            Projections projections, int shards, Workers workers, LongSupplier clockMicros, LiveRows liveRows) {
        this.clockMicros = clockMicros;
        this.liveRows = liveRows;
        this.projections = projections;
        this.shards = shards;
        this.workers = workers;
    }

    void addTo(Routes routes) {
        routes.get("/v1/projections", this::list)
                .get("/v1/projections/{projection}", this::info)
                .withBody(HttpMethod.PUT, "/v1/projections/{projection}", this::put)
                .delete("/v1/projections/{projection}", this::delete)
                .get("/v1/projections/{projection}/rows", this::rows)
                .get("/v1/projections/{projection}/rows/{key}", this::row);
    }

    private Future<Answer> list(Call call) {
        Query query = call.query("limit", "cursor");
        return Future.succeededFuture(NamedPage.of(
                query, "projections", projections.list(), Projections.Info::name, ProjectionRoutes::summary));
    }

    private Future<Answer> info(Call call) {
        call.query();
        Projections.Info info = projections.info(call.path("projection"));
        return Future.succeededFuture(Answer.json(200, summary(info).put("definition", info.definition())));
    }

    static JsonObject summary(Projections.Info info) {
        var summary = new JsonObject()
                .put("name", info.name())
                .put("generation", info.generation())
                .put("state", info.state());
        if (info.problem() != null) {
            summary.put("problem", info.problem());
        }
        if (info.reason() != null) {
            summary.put("reason", info.reason());
        }
        if (info.building() != null) {
            summary.put("building", building(info.building()));
        }
        return summary.put("cursor", info.cursor().encode())
                .put("lag", lag(info.lag()))
                .put("rows", info.rows())
                .put("deadLetters", info.deadLetters());
    }

    private static JsonObject building(Projections.Building building) {
        return new JsonObject()
                .put("generation", building.generation())
                .put("state", building.isFailed() ? "failed" : "building")
                .put("problem", building.problem())
                .put("events", building.events())
                .put("total", building.total())
                .put("eventsPerSecond", building.eventsPerSecond())
                .put("millisLeft", building.millisLeft() < 0 ? null : building.millisLeft())
                .put("held", building.isHeld());
    }

    static JsonObject lag(View.Lag lag) {
        return new JsonObject().put("events", lag.events()).put("ms", lag.millis());
    }

    private Future<Answer> put(Call call) {
        Query query = call.query("hold", "dryRun");
        boolean isHeld = query.flag("hold");
        boolean isTried = query.flag("dryRun");
        String text = call.definition();
        return projections
                .apply(
                        text,
                        call.path("projection"),
                        "the request's body",
                        isTried
                                ? Projections.Applying.TRIED
                                : isHeld ? Projections.Applying.HELD : Projections.Applying.AT_ONCE)
                .map(applied -> {
                    Projections.Applied one = applied.get(0);
                    if (isTried) {
                        return Answer.json(200, tried(one));
                    }
                    return Answer.json(
                            one.created() ? 201 : 200,
                            new JsonObject().put("projection", one.name()).put("generation", one.generation()));
                });
    }

    private static JsonObject tried(Projections.Applied one) {
        return new JsonObject()
                .put("projection", one.name())
                .put("generation", one.generation())
                .put("created", one.created())
                .put("changed", one.changed());
    }

    private Future<Answer> delete(Call call) {
        call.query();
        return projections.delete(call.path("projection")).map(deleted -> Answer.empty(204));
    }

    private Future<Answer> rows(Call call) {
        String mediaType =
                MediaTypes.choose(call.accept(), List.of(MediaTypes.JSON, MediaTypes.EVENT_STREAM, MediaTypes.NDJSON));
        return LiveRows.isMeant(call, mediaType) ? liveRows.answer(call, mediaType) : page(call);
    }

    private Future<Answer> page(Call call) {
        Query query = call.query(ROWS_PARAMETERS);
        query.without(
                "without since or Accept: " + MediaTypes.EVENT_STREAM,
                "keys",
                "minInterval",
                "mode",
                "snapshot",
                "wait");
        View view = projections.view(call.path("projection"));
        LenientFilter<Function<String, @Nullable Object>> filter = where(query, view);
        String prefix = query.text("prefix") == null ? "" : query.text("prefix");
        String orderBy = query.filled("orderBy");
        Rows.Order order = orderBy == null ? null : Rows.Order.parse(orderBy);
        String behind = behind(query.text("cursor"), order);
        int limit = query.limit();
        Form form = Form.of(query, view);
        boolean mayScan = query.flag("scan");
        return rows(view, query)
                .compose(rows -> order == null
                        ? rows.rows(prefix, behind, limit, filter)
                        : rows.rowsBy(order, prefix, behind, limit, filter, mayScan))
                .compose(page -> {
                    call.reserve(page.bytes());
                    return workers.run(page.bytes(), () -> rows(page, order, view.lag(), form));
                })
                .map(answer -> filter == null || filter.failures() == 0
                        ? answer
                        : answer.with(EventRoutes.FAILURES_HEADER, String.valueOf(filter.failures())));
    }

    private static @Nullable LenientFilter<Function<String, @Nullable Object>> where(Query query, View view) {
        String where = query.filled("where");
        return where == null
                ? null
                : new LenientFilter<>(
                        Filters.rows(where, Set.copyOf(view.columns())), columns -> "row " + columns.apply("key"));
    }

    /** Where the page before ended, null for the first; INVALID_CURSOR also for one of another order. */
    private static @Nullable String behind(@Nullable String cursor, Rows.@Nullable Order order) {
        String place = PageCursor.parse(cursor);
        if (place == null || place.isEmpty()) {
            return null;
        }
        String start = start(order);
        if (!place.startsWith(start)) {
            throw Failure.of(
                    Kind.INVALID_CURSOR, "found a cursor of another order, expected the one that the page before gave");
        }
        return place.substring(start.length());
    }

    /** What a page's cursor begins with, so that it is not taken for one of another order. */
    private static String start(Rows.@Nullable Order order) {
        return (order == null ? "" : order.column() + (order.isDescending() ? " desc" : "")) + "\0";
    }

    /** How rows are to be written; {@code fields} null: all. */
    private record Form(@Nullable Set<String> fields, boolean numbersAsText) {
        static Form of(Query query, View view) {
            String given = query.filled("fields");
            Set<String> fields = given == null ? null : new LinkedHashSet<>(Arrays.asList(given.split(",", -1)));
            if (fields != null && !view.columns().containsAll(fields)) {
                fields.removeAll(view.columns());
                throw Query.invalid("found field " + Query.shown(String.join(", ", fields)) + ", expected some of "
                        + String.join(", ", view.columns()));
            }
            return new Form(
                    fields, query.oneOf("numbers", List.of("number", "string")).equals("string"));
        }

        byte[] json(@Nullable Row row) {
            if (row == null) {
                return "null".getBytes(StandardCharsets.UTF_8);
            }
            return fields == null && !numbersAsText ? row.json() : row.json(fields, numbersAsText);
        }
    }

    private static Answer rows(Rows.Page page, Rows.@Nullable Order order, View.Lag lag, Form form) {
        Buffer body = Buffer.buffer("{\"rows\":[");
        String separator = "";
        for (Rows.KeyedRow row : page.rows()) {
            body.appendString(separator);
            appendRow(body, row.key(), form.json(row.row()));
            body.appendByte((byte) '}');
            separator = ",";
        }
        String next = page.next() == null ? null : PageCursor.after(start(order) + page.next());
        body.appendString("],\"cursor\":")
                .appendBuffer(Json.encodeToBuffer(next))
                .appendString(",\"at\":\"" + page.cursor().encode() + "\",\"lag\":")
                .appendBuffer(lag(lag).toBuffer());
        Rows.Scanned scanned = page.scanned();
        if (scanned != null) {
            body.appendString(",\"scanned\":{\"rows\":" + scanned.rows() + ",\"complete\":" + scanned.isWhole() + "}");
        }
        body.appendString("}");
        return Answer.of(200, MediaTypes.JSON, body);
    }

    private Future<Answer> row(Call call) {
        Query query = call.query("fields", "numbers", "after", "waitMs", "at");
        View view = projections.view(call.path("projection"));
        String key = call.path("key");
        Form form = Form.of(query, view);
        return rows(view, query).compose(rows -> rows.row(key)).map(found -> row(call, view.name(), found, form));
    }

    private static Answer row(Call call, String projection, Rows.KeyedRow found, Form form) {
        if (found.row() == null) {
            throw Failure.of(
                            Kind.ROW_NOT_FOUND,
                            "found no row '" + Query.shown(found.key()) + "' in projection " + projection
                                    + ", expected one of its keys")
                    .with("cursor", found.cursor().encode());
        }
        byte[] row = form.json(found.row());
        EntityTag etag = EntityTag.weak(row); // it is the row's, the answer's cursor moves on
        if (etag.isNamed(call.header("If-None-Match"))) {
            return Answer.empty(304).with("ETag", etag.text());
        }
        Buffer body = Buffer.buffer();
        appendRow(body, found.key(), row);
        body.appendString(",\"cursor\":\"" + found.cursor().encode() + "\"}");
        return Answer.of(200, MediaTypes.JSON, body).with("ETag", etag.text());
    }

    /** Opens the object and leaves it open. */
    private static void appendRow(Buffer body, String key, byte[] row) {
        body.appendString("{\"key\":")
                .appendBuffer(Json.encodeToBuffer(key))
                .appendString(",\"row\":")
                .appendBytes(row);
    }

    private Cursor cursorAt(String text) {
        try {
            return Cursor.parse(text, shards);
        } catch (Failure malformed) {
            throw Failure.of(
                    malformed.kind(),
                    "found at=" + Query.shown(text) + ", expected a cursor that this server has given, a time"
                            + " such as 2026-01-31T12:00:00Z or how long ago: 500ms, 10m, 2h, 1d");
        }
    }

    /** The rows that the query means: as they are when the view has reached a cursor, or as they were. */
    private Future<Rows> rows(View view, Query query) {
        long waitMillis = query.number("waitMs", DEFAULT_WAIT_MILLIS, 0, MAX_WAIT_MILLIS);
        String after = query.text("after");
        String at = query.filled("at");
        if (after != null && at != null) {
            throw Query.invalid("found both after and at, expected one of them");
        }
        if (at != null) {
            return Since.isMeant(at)
                    ? view.at(Since.micros("at", at, clockMicros.getAsLong()), waitMillis)
                    : view.at(cursorAt(at), waitMillis);
        }
        return after == null
                ? Future.succeededFuture(view)
                : view.reached(Cursor.parse(after, shards), waitMillis).map(reached -> view);
    }
}
