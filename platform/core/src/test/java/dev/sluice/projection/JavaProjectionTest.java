package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.sluice.bus.Addresses;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Failure;
import dev.sluice.projection.Projections.Applied;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaProjectionTest {
    private static final Duration NEVER = Duration.ofHours(1);
    private static final long PATIENCE_MILLIS = 30_000;

    enum Standing {
        NEW,
        GOOD
    }

    record Customer(long orders, BigDecimal gross, String last, Instant at, Standing standing, List<String> ids) {}

    record OrderPlaced(String customer, BigDecimal total, String id) {}

    record Least(BigDecimal gross) {}

    record Count(int events) {}

    record Other(int events, String more) {}

    @TempDir
    Path folder;

    private House house;

    @BeforeEach
    void open() {
        house = new House(folder, 1, NEVER);
    }

    @AfterEach
    void close() {
        house.close();
    }

    private static Projection.Builder<Customer> customers() {
        return Projection.of("customers", Customer.class)
                .fromCategories("order")
                .key(event -> event.data().path("customer").textValue())
                .index("gross desc")
                .on("OrderPlaced", JavaProjectionTest::placed)
                .on("CustomerForgotten", (event, row) -> null)
                .query("best", Least.class, (least, rows) -> rows.rows(
                                RowQuery.first(1).orderBy("gross desc").where("gross >= " + least.gross()))
                        .map(answer -> answer.value().rows().get(0).key()));
    }

    private static Customer placed(ProjectedEvent event, Customer row) {
        var order = event.data(OrderPlaced.class);
        return row == null
                ? new Customer(
                        1, order.total(), order.id(), event.time(), Standing.NEW, List.of(event.stream(), order.id()))
                : new Customer(
                        row.orders() + 1,
                        row.gross().add(order.total()),
                        order.id(),
                        event.time(),
                        Standing.GOOD,
                        List.of());
    }

    private static Projection.Builder<Count> counts(int version, int weight) {
        return Projection.of("counts", Count.class)
                .version(version)
                .fromAll()
                .on("T", (event, row) -> new Count((row == null ? 0 : row.events()) + weight));
    }

    private void place(String customer, String total, String id) {
        house.append(
                "order-" + id,
                "OrderPlaced",
                "{\"customer\":\"" + customer + "\",\"total\":" + total + ",\"id\":\"" + id + "\"}");
    }

    @Test
    void foldsWhatIsThereAndWhatComes() {
        place("ann", "10.50", "o1");
        place("eve", "1", "o2");

        var applied = house.register(customers().build());
        place("ann", "2", "o3");
        place("bob", "7", "o4");
        house.append("order-2", "CustomerForgotten", "{\"customer\":\"eve\"}");
        house.append("cart-1", "OrderPlaced", "{\"customer\":\"bob\",\"total\":7,\"id\":\"c\"}");

        assertThat(applied).isEqualTo(new Applied("customers", 1, true, false));
        assertThat(house.rows("customers"))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "ann",
                        "{\"orders\":2,\"gross\":12.5,\"last\":\"o3\",\"at\":\"2023-11-14T22:13:23Z\","
                                + "\"standing\":\"GOOD\",\"ids\":[]}",
                        "bob",
                        "{\"orders\":1,\"gross\":7,\"last\":\"o4\",\"at\":\"2023-11-14T22:13:24Z\","
                                + "\"standing\":\"NEW\",\"ids\":[\"order-o4\",\"o4\"]}"));
        assertThat(house.room().info("customers").definition()).isEqualTo("""
                projection: customers
                java: { version: 1 }
                from: { categories: [ order ] }
                fold: [ CustomerForgotten, OrderPlaced ]
                columns: { orders: integer, gross: number, last: text, at: time, standing: text, ids: [ text ] }
                index: [ gross desc ]
                """);
    }

    @Test
    void givesRowsAsRecordsWithTheCursorTheyAreOf() {
        var customers = customers().build();
        house.register(customers);
        place("ann", "10.50", "o1");
        place("bob", "70", "o2");
        var after = house.log().head();

        var rows = house.room().query(customers).after(after, PATIENCE_MILLIS);
        var ann = House.answer(rows.row("ann"));
        var nobody = House.answer(rows.row("nobody"));
        var page = House.answer(rows.rows(RowQuery.first(1).orderBy("gross desc")));
        var second = House.answer(rows.rows(
                RowQuery.first(1).orderBy("gross desc").from(page.value().next())));

        assertThat(ann.value())
                .contains(new Customer(
                        1,
                        new BigDecimal("10.50"),
                        "o1",
                        Instant.parse("2023-11-14T22:13:21Z"),
                        Standing.NEW,
                        List.of("order-o1", "o1")));
        assertThat(ann.cursor().covers(after)).isTrue();
        assertThat(ann.lag()).isEqualTo(new View.Lag(0, 0));
        assertThat(nobody.value()).isEqualTo(Optional.empty());
        assertThat(page.value().rows()).extracting(Queries.Keyed::key).containsExactly("bob");
        assertThat(second.value().rows()).extracting(Queries.Keyed::key).containsExactly("ann");
        assertThat(second.value().next()).isNull();
    }

    @Test
    void answersQueriesOnTheBusWithCursorAndLag() {
        house.register(customers().build());
        place("ann", "10.50", "o1");
        place("bob", "70", "o2");
        var after = house.log().head();

        Answer<String> answer = House.answer(house.mesh()
                .request(
                        Addresses.query("customers", "best"),
                        Query.of(new Least(BigDecimal.TEN)).after(after, PATIENCE_MILLIS)));

        assertThat(answer.value()).isEqualTo("bob");
        assertThat(answer.cursor().covers(after)).isTrue();
        assertThat(answer.lag()).isEqualTo(new View.Lag(0, 0));
    }

    @Test
    void aQueryWaitsForItsCursorAndSaysSoWhenThatIsTooLong() {
        house.register(customers().build());
        House.answer(house.room().pause("customers", null));
        place("ann", "10.50", "o1");
        var query = Query.of(new Least(BigDecimal.TEN)).after(house.log().head(), 1);

        var late = catchThrowableOfType(
                Failure.class, () -> House.answer(house.mesh().request(Addresses.query("customers", "best"), query)));

        assertThat(late.kind()).isEqualTo(Failure.Kind.NOT_YET);
        assertThat(late.details()).containsKey("cursor");
    }

    @Test
    void aFilterOverAColumnThatTheRowsDoNotHaveIsRefused() {
        var customers = customers().build();
        house.register(customers);

        var refused = catchThrowableOfType(
                Failure.class,
                () -> House.answer(
                        house.room().query(customers).rows(RowQuery.first(1).where("groos > 1"))));

        assertThat(refused.kind()).isEqualTo(Failure.Kind.FILTER_INVALID);
        assertThat(refused).hasMessageContaining("found 'groos', expected key, ");
    }

    @Test
    void aQueryIsAskedWhatItWasMadeFor() {
        house.register(customers().build());

        var refused = catchThrowableOfType(
                Failure.class,
                () -> House.answer(house.mesh().request(Addresses.query("customers", "best"), Query.of("what?"))));

        assertThat(refused.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
        assertThat(refused).hasMessageContaining("found a java.lang.String, expected a " + Least.class.getName());
    }

    @Test
    void aHigherVersionIsBuiltBesideTheLiveOneAndCanBeRolledBack() {
        house.register(counts(1, 1).build());
        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());

        var applied = house.register(counts(2, 10).build());
        awaitGeneration("counts", 2);
        var rowsOfTwo = house.rows("counts");
        House.answer(house.room().rollback("counts"));
        awaitGeneration("counts", 1);
        var again = house.register(counts(3, 100).build());

        assertThat(applied).isEqualTo(new Applied("counts", 2, false, true));
        assertThat(rowsOfTwo).containsExactly(Map.entry("1", "{\"events\":10}"));
        assertThat(again.generation()).isEqualTo(3);
        awaitGeneration("counts", 3);
        assertThat(house.rows("counts")).containsExactly(Map.entry("1", "{\"events\":100}"));
    }

    @Test
    void registeringAgainHasNoEffectAndDoesNotUndoARollback() {
        house.register(counts(1, 1).build());
        house.register(counts(2, 10).build());
        house.append("x-1", "T", "{}");
        awaitGeneration("counts", 2);
        House.answer(house.room().rollback("counts"));
        awaitGeneration("counts", 1);

        house.restart();
        var newest = house.register(counts(2, 10).build());
        var older = house.register(counts(1, 1).build());

        assertThat(newest).isEqualTo(new Applied("counts", 2, false, false));
        assertThat(older).isEqualTo(new Applied("counts", 2, false, false));
        assertThat(house.room().info("counts").state()).isEqualTo("running");
        assertThat(house.rows("counts")).containsExactly(Map.entry("1", "{\"events\":1}"));
    }

    @Test
    void withoutItsCodeRowsAreServedAsTheyStandUntilItIsThere() {
        house.register(counts(1, 1).build());
        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());
        house.restart();
        house.append("x-1", "T", "{}");

        var info = house.room().info("counts");
        var row = House.answer(house.room().view("counts").row("1"));
        var event = house.log().readStream("x-1", 1, Direction.FORWARD, 1).get(0);
        var explained = House.answer(house.room().explain("counts", event));

        assertThat(explained.outcome()).isEqualTo(new Explanation.Untold(info.problem()));
        assertThat(info.state()).isEqualTo("failed");
        assertThat(info.problem())
                .isEqualTo("found no code of version 1 of projection counts, expected it to be registered:"
                        + " is its jar on the class path?");
        assertThat(info.lag().events()).isEqualTo(1);
        assertThat(House.json(row.row())).isEqualTo("{\"events\":1}");
        house.register(counts(1, 1).build());
        assertThat(house.rows("counts")).containsExactly(Map.entry("1", "{\"events\":2}"));
        assertThat(house.room().info("counts").state()).isEqualTo("running");
    }

    @Test
    void aHigherVersionTakesOverFromOneWhoseCodeIsGone() {
        house.register(counts(1, 1).build());
        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());
        house.restart();
        house.append("x-1", "T", "{}");

        var two = Projection.of("counts", Other.class)
                .version(2)
                .fromAll()
                .on("T", (event, row) -> new Other(10 + (row == null ? 0 : row.events()), "more"))
                .build();
        house.register(two);
        awaitGeneration("counts", 2);

        assertThat(house.rows("counts")).containsExactly(Map.entry("1", "{\"events\":20,\"more\":\"more\"}"));
        assertThat(house.room().info("counts").state()).isEqualTo("running");
        var gone = catchThrowableOfType(
                Failure.class, () -> House.answer(house.room().rollback("counts")));
        assertThat(gone.kind()).isEqualTo(Failure.Kind.NO_GENERATION);
        assertThat(gone).hasMessageStartingWith("found no code of version 1 of projection counts");
    }

    @Test
    void rowsOfOtherColumnsAreNoRecordsOfAVersion() {
        house.register(counts(1, 1).build());
        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());
        House.answer(house.room().pause("counts", null));
        var two = Projection.of("counts", Other.class)
                .version(2)
                .fromAll()
                .on("T", (event, row) -> row)
                .build();
        house.register(two);

        var early = catchThrowableOfType(
                Failure.class, () -> House.answer(house.room().query(two).row("1")));

        assertThat(early.kind()).isEqualTo(Failure.Kind.GENERATION_NOT_READY);
    }

    @Test
    void aKnownVersionHasOneDefinition() {
        house.register(counts(1, 1).build());
        house.restart();

        var refused = catchThrowableOfType(
                Failure.class,
                () -> house.register(counts(1, 1).index("events desc").build()));

        assertThat(refused.kind()).isEqualTo(Failure.Kind.DEFINITION_INVALID);
        assertThat(refused).hasMessageContaining("expected a higher version");
        assertThat(house.room().info("counts").state()).isEqualTo("failed");
        house.register(counts(1, 1).build());
        assertThat(house.room().info("counts").state()).isEqualTo("running");
    }

    @Test
    void aDefinitionGivenAsTextNeedsItsCode() {
        String text = counts(1, 1).build().written().text();

        var unknown = catchThrowableOfType(Failure.class, () -> house.apply(text));
        house.register(counts(1, 1).build());
        var other = catchThrowableOfType(Failure.class, () -> house.apply(text.replace("integer", "text")));
        var yaml = catchThrowableOfType(
                Failure.class,
                () -> house.apply("{ projection: counts, from: all, fold: { T: { events: count() } } }"));
        house.apply(text);

        assertThat(unknown).hasMessageStartingWith("found no code of version 1 of projection counts");
        assertThat(other).hasMessageStartingWith("found another definition of version 1 of projection counts");
        assertThat(yaml).hasMessageContaining("which is registered in Java, expected another name");
        assertThat(house.room().info("counts").generation()).isEqualTo(1);
    }

    @Test
    void whatTheCodeThrowsIsADeadLetterBehindWhichItsRowWaits() {
        var isMended = new AtomicBoolean();
        house.register(Projection.of("counts", Count.class)
                .fromAll()
                .on("T", (event, row) -> new Count(row == null ? 1 : row.events() + 1))
                .on("Poison", (event, row) -> {
                    if (!isMended.get()) {
                        throw new IllegalStateException("poison");
                    }
                    return new Count(row.events() * 10);
                })
                .build());
        house.append("x-1", "T", "{}");
        var poison = house.append("x-1", "Poison", "{}");
        house.append("x-1", "T", "{}");
        house.append("x-2", "T", "{}");

        assertThat(house.rows("counts"))
                .containsExactly(Map.entry("1", "{\"events\":1}"), Map.entry("2", "{\"events\":1}"));
        await().until(() -> house.log().version("$dlq.projection-counts") == 1);
        var letter = new String(house.log()
                .readStream("$dlq.projection-counts", 1, Direction.FORWARD, 1)
                .get(0)
                .data());
        assertThat(letter)
                .contains("Poison: found java.lang.IllegalStateException: poison thrown, expected a result")
                .contains("\"position\":\"0:" + poison.offset(0) + "\"")
                .contains("\"key\":\"1\"");
        isMended.set(true);
        house.resolve("counts", "DeadLetterRetried");
        assertThat(house.rows("counts")).containsEntry("1", "{\"events\":11}");
    }

    @Test
    void errorsOfTheCodeStopNothingButTheirRow() {
        house.register(Projection.of("counts", Count.class)
                .fromAll()
                .on("T", (event, row) -> new Count(row == null ? 1 : row.events() + 1))
                .on("Endless", (event, row) -> endless(row))
                .on("Unloaded", (event, row) -> {
                    throw new NoClassDefFoundError("com/example/Gone");
                })
                .build());

        house.append("x-1", "Endless", "{}");
        house.append("x-2", "Unloaded", "{}");
        house.append("x-3", "T", "{}");

        assertThat(house.rows("counts")).containsExactly(Map.entry("3", "{\"events\":1}"));
        assertThat(house.room().info("counts").deadLetters()).isEqualTo(2);
    }

    @SuppressWarnings("InfiniteRecursion")
    private static Count endless(Count row) {
        return endless(row);
    }

    @Test
    void aDefinitionInJavaIsTriedOnGivenEvents() {
        house.register(counts(1, 1).build());
        String text = counts(1, 1).build().written().text();

        var tested =
                House.answer(house.room().test(text, List.of(new Projections.Given("x-1", house.event("T", "{}")))));

        assertThat(tested.rows()).extracting(row -> House.json(row.row())).containsExactly("{\"events\":1}");
    }

    @Test
    void dataThatIsNotAsTheCodeWantsItIsADeadLetter() {
        house.register(customers().build());

        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":\"much\"}");
        house.append("order-1", "OrderPlaced", "[1,");
        house.append("order-1", "OrderPlaced", "{}");

        assertThat(house.rows("customers")).isEmpty();
        assertThat(house.room().info("customers").deadLetters()).isEqualTo(3);
    }

    @Test
    void anEventIsFoldedIntoAllOfItsRowsOrNone() {
        house.register(Projection.of("counts", Count.class)
                .fromAll()
                .keys(event -> List.of(event.data().path("keys").asText().split(",")))
                .on("T", (event, row) -> {
                    int events = row == null ? 1 : row.events() + 1;
                    if (events == 3) {
                        throw new IllegalStateException("three");
                    }
                    return new Count(events);
                })
                .build());

        house.append("x-1", "T", "{\"keys\":\"a,b,a\"}");
        house.append("x-1", "T", "{\"keys\":\"b,c\"}");
        house.append("x-1", "T", "{\"keys\":\"a,d,b\"}");

        assertThat(house.rows("counts"))
                .containsExactly(
                        Map.entry("a", "{\"events\":1}"),
                        Map.entry("b", "{\"events\":2}"),
                        Map.entry("c", "{\"events\":1}"));
    }

    @Test
    void aRowThatIsReturnedAsItIsHasNotChanged() {
        house.register(Projection.of("counts", Count.class)
                .fromAll()
                .on("T", (event, row) -> row == null ? new Count(1) : row)
                .build());
        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());
        long change = house.room().view("counts").change();

        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());

        assertThat(house.room().view("counts").change()).isEqualTo(change);
    }

    @Test
    void rowsAsTheyWereAndWhatAnEventWouldDo() {
        var counts = counts(1, 1).build();
        house.register(counts);
        var first = house.append("x-1", "T", "{}");
        house.append("x-1", "T", "{}");
        house.reach("counts", house.log().head());

        var then = House.answer(house.room().view("counts").at(first, PATIENCE_MILLIS));
        var event = house.log().readStream("x-1", 1, Direction.FORWARD, 1).get(0);
        var explained = House.answer(house.room().explain("counts", event));

        assertThat(House.json(House.answer(then.row("1")).row())).isEqualTo("{\"events\":1}");
        assertThat(explained.outcome())
                .extracting("rows")
                .isEqualTo(List.of(new Explanation.RowChange("1", "{\"events\":2}", "{\"events\":3}")));
    }

    private void awaitGeneration(String name, int generation) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> house.room().view(name).generation() == generation);
    }
}
