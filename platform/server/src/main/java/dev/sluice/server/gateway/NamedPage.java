package dev.sluice.server.gateway;

import dev.sluice.server.gateway.wire.PageCursor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/** A page of a short list that is in memory, in the order of its names. */
final class NamedPage {
    private NamedPage() {}

    /** Reads {@code limit} and {@code cursor} and answers {@code {"<member>":[…],"cursor"}}. */
    static <T> Answer of(
            Query query, String member, List<T> all, Function<T, String> name, Function<T, JsonObject> json) {
        return Answer.json(200, json(query, member, all, name, json));
    }

    /** As {@link #of}, for answers that have more members. */
    static <T> JsonObject json(
            Query query, String member, List<T> all, Function<T, String> name, Function<T, JsonObject> json) {
        String after = PageCursor.parse(query.text("cursor"));
        int limit = query.limit();
        List<T> found = all.stream()
                .filter(each -> after == null || name.apply(each).compareTo(after) > 0)
                .sorted(Comparator.comparing(name))
                .limit(limit + 1L)
                .toList();
        var page = new JsonArray();
        found.stream().limit(limit).forEach(each -> page.add(json.apply(each)));
        return new JsonObject()
                .put(member, page)
                .put("cursor", found.size() > limit ? PageCursor.after(name.apply(found.get(limit - 1))) : null);
    }
}
