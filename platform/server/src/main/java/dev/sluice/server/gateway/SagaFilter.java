package dev.sluice.server.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.expression.Filters;
import dev.sluice.expression.LenientFilter;
import dev.sluice.saga.InstanceQuery;
import dev.sluice.saga.InstanceQuery.Trait;
import dev.sluice.saga.SagaRoom;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which instances of a saga a request is about: {@code status}, {@code step}, {@code olderThan}, {@code where}. */
final class SagaFilter {
    static final List<String> PARAMETERS = List.of("status", "step", "olderThan", "where");

    private static final long LONGEST_MILLIS = TimeUnit.DAYS.toMillis(3_650);
    private static final int MAX_READS = 20;

    private final InstanceQuery query;
    private final @Nullable LenientFilter<Instance> where;

    private SagaFilter(InstanceQuery query, @Nullable LenientFilter<Instance> where) {
        this.query = query;
        this.where = where;
    }

    /** FILTER_INVALID, INVALID_REQUEST. */
    static SagaFilter of(String saga, Query query, long nowMicros) {
        String status = query.filled("status");
        long millis = query.millis("olderThan", -1, LONGEST_MILLIS);
        String where = query.filled("where");
        boolean isTrait = status != null
                && Arrays.stream(Trait.values()).anyMatch(each -> each.name().equals(status));
        return new SagaFilter(
                new InstanceQuery(
                        saga,
                        status == null || isTrait ? Set.of() : Set.of(status(status)),
                        query.filled("step"),
                        millis < 0 ? null : nowMicros - TimeUnit.MILLISECONDS.toMicros(millis),
                        status != null && isTrait ? Set.of(Trait.valueOf(status)) : Set.of()),
                where == null ? null : where(where));
    }

    private static Status status(String name) {
        return Arrays.stream(Status.values())
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> Query.invalid("found status=" + Query.shown(name) + ", expected "
                        + String.join(
                                ", ",
                                Stream.concat(Arrays.stream(Status.values()), Arrays.stream(Trait.values()))
                                        .map(Enum::name)
                                        .toList())));
    }

    private static LenientFilter<Instance> where(String where) {
        var holds = Filters.rows(where);
        return new LenientFilter<>(
                instance -> holds.test((Function<String, @Nullable Object>) name -> field(instance, name)),
                instance -> "instance " + instance.key());
    }

    /** A field of the state; lists and objects are null. */
    private static @Nullable Object field(Instance instance, String name) {
        JsonNode value = name.equals("key") ? null : instance.state().get(name);
        if (value == null) {
            return name.equals("key") ? instance.key() : null;
        }
        return value.isTextual()
                ? value.textValue()
                : value.isBoolean() ? (Object) value.booleanValue() : value.isNumber() ? value.decimalValue() : null;
    }

    /** How many instances {@code where} could not judge. */
    long failures() {
        return where == null ? 0 : where.failures();
    }

    /**
     * The next instances. After so many that do not match the page is short, and says where to go on.
     *
     * @param afterKey empty for the first page
     */
    Future<SagaRoom.Page> page(SagaRoom sagas, String afterKey, int limit) {
        return page(sagas, afterKey, limit, new ArrayList<>(), MAX_READS);
    }

    private Future<SagaRoom.Page> page(
            SagaRoom sagas, String afterKey, int limit, List<Instance> found, int readsLeft) {
        return sagas.list(query, afterKey, limit - found.size()).compose(page -> {
            page.instances().stream()
                    .filter(each -> where == null || where.test(each))
                    .forEach(found::add);
            String next = page.after();
            return next == null || found.size() >= limit || readsLeft == 1
                    ? Future.succeededFuture(new SagaRoom.Page(found, next))
                    : page(sagas, next, limit, found, readsLeft - 1);
        });
    }
}
