package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.sluice.bus.Addresses;
import dev.sluice.expression.Filters;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProjectionRoomTest {
    private static final Duration NEVER = Duration.ofHours(1);
    private static final String ORDERS = """
            projection: orders
            from: { category: order }
            key: data.customer
            fold:
              OrderPlaced: { orders: count(), gross: sum(data.total), last: last(data.id), at: max(time) }
              OrderCancelled: { cancelled: count(), gross: sum(-data.total) }
            """;

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

    @Test
    void foldsWhatIsThereAndWhatComes() {
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":10.50,\"id\":\"o1\"}");

        house.apply(ORDERS);
        var after = house.append("order-2", "OrderPlaced", "{\"customer\":\"ann\",\"total\":2,\"id\":\"o2\"}");
        house.append("order-1", "OrderCancelled", "{\"customer\":\"ann\",\"total\":10.50}");
        house.append("order-3", "OrderPlaced", "{\"customer\":\"bob\",\"total\":7}");
        house.append("cart-3", "OrderPlaced", "{\"customer\":\"bob\",\"total\":7}");
        house.append("order-3", "OrderShipped", "{\"customer\":\"bob\"}");

        assertThat(after.offset(0)).isPositive();
        assertThat(house.rows("orders"))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "ann",
                        "{\"orders\":2,\"gross\":2,\"last\":\"o2\",\"at\":\"2023-11-14T22:13:22Z\",\"cancelled\":1}",
                        "bob",
                        "{\"orders\":1,\"gross\":7,\"last\":null,\"at\":\"2023-11-14T22:13:24Z\",\"cancelled\":0}"));
        assertThat(house.room().info("orders").rows()).isEqualTo(2);
        assertThat(house.room().info("orders").state()).isEqualTo("running");
    }

    @Test
    void readsOneRowAndNone() {
        house.apply(ORDERS);
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}");
        house.reach("orders", house.log().head());

        var view = house.room().view("orders");

        assertThat(House.answer(view.row("ann")).row().get("gross")).hasToString("1");
        assertThat(House.answer(view.row("nobody")).row()).isNull();
        assertThat(House.answer(view.row("ann")).cursor()).isEqualTo(view.cursor());
    }

    @Test
    void anEventIsFoldedOnceForEachElementOrNotAtAll() {
        house.apply("""
                projection: inventory
                from: { categories: [ stock, order ] }
                fold:
                  StockReceived: { key: data.sku, onHand: sum(data.qty) }
                  OrderPlaced:   { each: data.items as i, key: i.sku, reserved: sum(i.qty), last: last(i.qty) }
                derive: { available: onHand - reserved, low: available < 10, share: reserved / onHand }
                """);

        house.append("stock-1", "StockReceived", "{\"sku\":\"a\",\"qty\":20}");
        house.append(
                "order-1",
                "OrderPlaced",
                "{\"items\":[{\"sku\":\"a\",\"qty\":5},{\"sku\":\"b\",\"qty\":1},{\"sku\":\"a\",\"qty\":7}]}");
        house.append("order-2", "OrderPlaced", "{\"items\":[{\"sku\":\"a\",\"qty\":1},{\"qty\":1}]}");
        house.append("order-3", "OrderPlaced", "{\"items\":7}");
        house.append("order-4", "OrderPlaced", "{}");

        assertThat(house.rows("inventory"))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "a", "{\"onHand\":20,\"reserved\":12,\"last\":7,\"available\":8,\"low\":true,\"share\":0.6}",
                        "b", "{\"onHand\":0,\"reserved\":1,\"last\":1,\"available\":-1,\"low\":true,\"share\":null}"));
        assertThat(house.room().info("inventory").deadLetters()).isEqualTo(2);
        var view = house.room().view("inventory");
        assertThat(House.answer(view.rows("", null, 10, Filters.rows("available > 0 && low")))
                        .rows())
                .extracting(Rows.KeyedRow::key)
                .containsExactly("a");
    }

    @Test
    void explainingAnEventThatWouldBeParkedParksNothing() {
        house.apply(ORDERS);
        var first = house.append("order-1", List.of(house.event("OrderPlaced", "{\"customer\":\"ann\",\"total\":1}")));
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":\"many\"}");
        house.reach("orders", house.log().head());

        var event = Objects.requireNonNull(house.log().event(first.first()));
        var explained = House.answer(house.room().explain("orders", event)).outcome();
        house.resolve("orders", "DeadLetterDiscarded");

        assertThat(explained).isInstanceOf(Explanation.Parked.class);
        assertThat(house.rows("orders").get("ann")).contains("\"orders\":1,");
    }

    @Test
    void theLagIsTheAgeOfTheOldestEventThatIsNotFolded() {
        house.pass(Duration.ofHours(-2));
        house.apply(ORDERS);
        house.reach("orders", house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}"));
        house.pass(Duration.ofHours(1));
        House.answer(house.room().pause("orders", null));
        house.pass(Duration.ofHours(1));
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}");

        var view = house.room().view("orders");
        var oldest = house.log().event(new Position(0, view.cursor().offset(0) + 1));

        long age = System.currentTimeMillis() - oldest.recordedMicros() / 1_000;
        assertThat(view.lag().millis()).isBetween(age - 1_000, age + 60_000);
    }

    @Test
    void setsAndListsAreLookedIntoByExpressions() {
        house.apply("""
                projection: tags
                from: all
                fold: { T: { tags: set(data.tag), recent: "list(data.n, 2)" } }
                derive: { isHot: "'hot' in tags && recent.exists(n, n > 2)", many: size(tags) }
                """);

        for (String data : List.of(
                "{\"tag\":\"warm\",\"n\":1}", "{\"tag\":\"hot\",\"n\":2.50}", "{\"tag\":\"hot\"}", "{\"n\":3}")) {
            house.append("x-1", "T", data);
        }
        house.append("x-2", "T", "{}");

        assertThat(house.rows("tags"))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "1", "{\"tags\":[\"hot\",\"warm\"],\"recent\":[2.5,3],\"isHot\":true,\"many\":2}",
                        "2", "{\"tags\":[],\"recent\":[],\"isHot\":false,\"many\":0}"));
    }

    @Test
    void aSetThatIsFullRefusesOneMore() {
        house.apply("projection: full\nfrom: all\nfold: { T: { each: data.a as i, key: type, s: set(i) } }");
        var numbers = IntStream.range(0, 1_000).mapToObj(String::valueOf).collect(Collectors.joining(","));

        house.append("x-1", "T", "{\"a\":[" + numbers + "]}");
        house.append("x-1", "T", "{\"a\":[7,1000]}");
        house.append("x-1", "T", "{\"a\":[7]}");
        house.reach("full", house.log().head());

        assertThat(house.room().info("full").deadLetters()).isEqualTo(1);
    }

    @Test
    void theDefaultKeyIsTheStreamsAndCompositeKeysAreEscaped() {
        house.apply("projection: a\nfrom: all\nfold: { T: { n: count() } }");
        house.apply("projection: b\nfrom: all\nkey: [data.x, data.y, data.z]\nfold: { T: { n: count() } }");
        house.apply("projection: c\nfrom: { types: [T] }\nfold: { T: { key: data.y, n: count() } }");

        house.append("order-8/12", "T", "{\"x\":\"a/b~c\",\"y\":1.50}");

        assertThat(house.rows("a")).containsOnlyKeys("8/12");
        assertThat(house.rows("b")).containsOnlyKeys("a~1b~0c/1.5/");
        assertThat(house.rows("c")).containsOnlyKeys("1.5");
    }

    @Test
    void aPageLooksAtABoundedNumberOfRows() {
        house.apply("projection: p\nfrom: all\nfold: { T: { each: data.a as i, key: i, n: sum(i) } }");
        for (int i = 0; i < 12; i++) {
            var numbers = IntStream.range(i * 5_000, (i + 1) * 5_000)
                    .mapToObj(String::valueOf)
                    .collect(Collectors.joining(","));
            house.append("x-1", "T", "{\"a\":[" + numbers + "]}");
        }
        house.reach("p", house.log().head());
        var view = house.room().view("p");

        var first = House.answer(view.rows("", null, 10, Filters.rows("n == 9999")));
        var second = House.answer(view.rows("", first.next(), 10, Filters.rows("n == 9999")));

        assertThat(first.rows()).isEmpty();
        assertThat(first.next()).isNotNull();
        assertThat(second.rows()).extracting(Rows.KeyedRow::key).containsExactly("9999");
        assertThat(second.next()).isNull();
    }

    @Test
    void pagesOfLargeRowsAreBoundedInBytes() {
        house.apply("projection: large\nfrom: all\nfold: { T: { pad: last(data) } }");
        for (int i = 0; i < 12; i++) {
            house.append("x-" + (char) ('a' + i), "T", "\"" + "x".repeat(900_000) + "\"");
        }
        house.reach("large", house.log().head());
        var view = house.room().view("large");

        var rows = new ArrayList<String>();
        String after = null;
        int pages = 0;
        do {
            var page = House.answer(view.rows("", after, 1_000, null));
            assertThat(page.bytes()).isLessThan(6 << 20);
            page.rows().forEach(row -> rows.add(row.key()));
            after = page.next();
            pages++;
        } while (after != null);
        var changed = new ArrayList<String>();
        long change = 0;
        String key = null;
        View.Changes changes;
        do {
            changes = House.answer(view.changesAfter(change, key, 1_000));
            assertThat(changes.rows()).hasSizeLessThan(7);
            changes.rows().forEach(row -> changed.add(row.key()));
            change = changes.next();
            key = changes.nextKey();
        } while (changes.more());

        assertThat(pages).isGreaterThan(1);
        assertThat(rows).hasSize(12).isSorted().doesNotHaveDuplicates();
        assertThat(changed).hasSize(12).doesNotHaveDuplicates();
    }

    @Test
    void rowsComeInTheOrderOfKeysInPages() {
        house.apply("projection: p\nfrom: all\nfold: { T: { n: sum(data.n) } }");
        for (String key : List.of("b", "é", "a2", "a", "a1", "😀", "\uffff")) {
            house.append("x-" + key, "T", "{\"n\":" + key.length() + "}");
        }
        house.reach("p", house.log().head());
        var view = house.room().view("p");

        var first = House.answer(view.rows("", null, 3, null));
        var second = House.answer(view.rows("", "a2", 100, null));
        var prefixed = House.answer(view.rows("a", "a", 100, null));
        var filtered = House.answer(view.rows("", null, 2, Filters.rows("n == 2 && key > 'a1'")));

        assertThat(first.rows()).extracting(Rows.KeyedRow::key).containsExactly("a", "a1", "a2");
        assertThat(first.next()).isEqualTo("a2");
        assertThat(second.rows()).extracting(Rows.KeyedRow::key).containsExactly("b", "é", "\uffff", "😀");
        assertThat(second.next()).isNull();
        assertThat(prefixed.rows()).extracting(Rows.KeyedRow::key).containsExactly("a1", "a2");
        assertThat(filtered.rows()).extracting(Rows.KeyedRow::key).containsExactly("a2", "😀");
        assertThat(filtered.next()).isNull();
    }

    @Test
    void changesComeOnceInTheirNewestStateWhereverTheyAreKept() {
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        changed("a");
        changed("b");
        house.restart();
        changed("c");
        changed("a");
        var view = house.room().view("p");

        var all = House.answer(view.changesAfter(0, null, 100));
        var one = House.answer(view.changesAfter(0, null, 1));
        var rest = House.answer(view.changesAfter(one.next(), one.nextKey(), 100));

        assertThat(view.change()).isEqualTo(4);
        assertThat(house.keys(all)).containsExactly("b", "c", "a");
        assertThat(all.next()).isEqualTo(4);
        assertThat(house.keys(one)).containsExactly("b");
        assertThat(one.next()).isEqualTo(2);
        assertThat(house.keys(rest)).containsExactly("c", "a");
        assertThat(House.json(all.rows().get(2).row())).isEqualTo("{\"n\":2}");
        assertThat(house.keys(House.answer(view.changesAfter(4, null, 100)))).isEmpty();
    }

    @Test
    void aCommitCutByALimitGoesOnInside() {
        for (String key : List.of("c", "a", "b", "d")) {
            house.append("x-" + key, "T", "{}");
        }
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        house.reach("p", house.log().head());
        var view = house.room().view("p");

        for (int stored = 0; stored < 2; stored++) {
            var first = House.answer(view.changesAfter(0, null, 3));
            var second = House.answer(view.changesAfter(first.next(), first.nextKey(), 3));

            assertThat(view.change()).isEqualTo(1);
            assertThat(house.keys(first)).containsExactly("a", "b", "c");
            assertThat(first.next()).isZero();
            assertThat(first.nextKey()).isEqualTo("c");
            assertThat(first.cursor().view().key()).isEqualTo("c");
            assertThat(house.keys(second)).containsExactly("d");
            assertThat(second.next()).isEqualTo(1);
            assertThat(second.nextKey()).isNull();
            house.restart();
            view = house.room().view("p");
        }
    }

    @Test
    void tokensStandAcrossRestartsAndAreClampedByCrashes() {
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        changed("a");
        house.restart();
        var flushed = house.room().view("p").cursor();
        changed("b");
        changed("c");
        var lost = house.room().view("p").cursor();

        house.crash();
        house.reach("p", house.log().head());
        var view = house.room().view("p");

        assertThat(view.resume(flushed)).isEqualTo(new View.Resume(true, 1, null));
        assertThat(view.resume(lost)).isEqualTo(new View.Resume(true, 1, null));
        assertThat(view.resume(Table.cursorAt(lost, lost.view().change(), "b"))).isEqualTo(notExact());
        assertThat(house.keys(House.answer(view.changesAfter(1, null, 10)))).contains("b", "c");
        assertThat(view.resume(house.log().head())).isEqualTo(notExact());
        assertThat(view.resume(Table.cursorAt(view.cursor(), 99, null))).isEqualTo(notExact());
        assertThat(view.resume(view.cursor()).exact()).isTrue();
        assertThat(house.rows("p")).containsOnlyKeys("a", "b", "c");
    }

    @Test
    void aTokenInsideACommitThatWasLostIsNotExact() {
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        changed("a");
        house.restart();
        var inside = Table.cursorAt(house.room().view("p").cursor(), 1, "b");
        changed("c");
        assertThat(house.room().view("p").resume(inside)).isEqualTo(new View.Resume(true, 1, "b"));

        house.crash();

        assertThat(house.room().view("p").resume(inside)).isEqualTo(notExact());
        assertThat(house.room().view("p").resume(Table.cursorAt(inside, 1, null)))
                .isEqualTo(new View.Resume(true, 1, null));
        house.reach("p", house.log().head());
        assertThat(house.room().view("p").resume(inside)).isEqualTo(notExact());
    }

    @Test
    void aTokenOfAnotherStoreOrGenerationIsNotExact() {
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        changed("a");
        var token = house.room().view("p").cursor();
        var part = token.view();

        house.apply("projection: p\nfrom: all\nfold: { T: { n: count(), m: count() } }");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> house.room().view("p").generation() == 2);

        assertThat(house.room().view("p").resume(token)).isEqualTo(notExact());
        var other = token.with(new Cursor.ViewPart(part.storeId() + 1, part.epoch(), "p", 2, 0, null));
        assertThat(house.room().view("p").resume(other)).isEqualTo(notExact());
    }

    @Test
    void aChangedDefinitionIsBuiltBesideAndThenSwitchedTo() {
        house.apply("projection: p\nfrom: all\nfold: { T: { n: count() } }");
        var deltas = new ConcurrentLinkedQueue<ViewDelta>();
        house.mesh().listen(Addresses.view("p"), ViewDelta.class, deltas::add);
        changed("a");

        var applied =
                House.answer(house.room().apply("projection: p\nfrom: all\nfold: { T: { m: sum(1) } }", "p", "p.yaml"));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> house.room().view("p").generation() == 2);

        assertThat(applied).containsExactly(new Projections.Applied("p", 2, false, true));
        assertThat(house.rows("p")).isEqualTo(Map.of("a", "{\"m\":1}"));
        await().atMost(Duration.ofSeconds(30)).until(() -> deltas.stream().anyMatch(delta -> delta.generation() == 2));
        house.restart();
        assertThat(house.room().view("p").generation()).isEqualTo(2);
        assertThat(house.rows("p")).isEqualTo(Map.of("a", "{\"m\":1}"));
    }

    @Test
    void aRowThatIsOverWhenItsBatchEndsIsNeverSeen() {
        house.apply("projection: p\nfrom: all\nretain: 1d\nfold: { T: { n: count() } }");
        house.append("x-first", "T", "{}");
        house.rows("p");
        var deltas = new ConcurrentLinkedQueue<ViewDelta>();
        house.mesh().listen(Addresses.view("p"), ViewDelta.class, deltas::add);
        House.answer(house.room().pause("p", null));
        house.append("x-short", "T", "{}");
        house.pass(Duration.ofDays(3));
        house.append("x-long", "T", "{}");

        House.answer(house.room().resume("p"));

        assertThat(house.rows("p")).containsOnlyKeys("long");
        await().atMost(Duration.ofSeconds(30)).until(() -> keysOf(deltas).contains("long"));
        assertThat(keysOf(deltas)).contains("first").doesNotContain("short");
    }

    private static List<String> keysOf(Collection<ViewDelta> deltas) {
        return deltas.stream()
                .flatMap(delta -> delta.rows().stream())
                .map(ViewDelta.Change::key)
                .toList();
    }

    @Test
    void theSameDefinitionHasNoEffect() {
        house.apply(ORDERS);
        var head = house.log().head();

        var again = House.answer(house.room().apply("# a comment\n" + ORDERS, "orders", "again.yaml"));

        assertThat(again).containsExactly(new Projections.Applied("orders", 1, false, false));
        assertThat(house.log().head()).isEqualTo(head);
    }

    @Test
    void definitionsAreInTheLogAndComeBack() {
        house.apply(ORDERS);
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}");
        house.restart();

        assertThat(house.room().list()).extracting(Projections.Info::name).containsExactly("orders");
        assertThat(house.room().info("orders").definition()).isEqualTo(ORDERS);
        assertThat(house.rows("orders")).containsOnlyKeys("ann");
        assertThat(house.log().readStream("$projection.orders", 1, Direction.FORWARD, 10))
                .extracting(event -> event.type())
                .containsExactly("ProjectionDefined");
    }

    @Test
    void aDeletedProjectionIsGoneAndSaysSo() {
        house.apply(ORDERS);
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}");
        house.reach("orders", house.log().head());
        var view = house.room().view("orders");
        var deltas = new ConcurrentLinkedQueue<ViewDelta>();
        house.mesh().listen(Addresses.view("orders"), ViewDelta.class, deltas::add);

        House.answer(house.room().delete("orders"));

        for (var failure : List.of(
                catchThrowableOfType(Failure.class, () -> house.room().view("orders")),
                catchThrowableOfType(
                        Failure.class, () -> House.answer(house.room().delete("orders"))),
                catchThrowableOfType(Failure.class, () -> House.answer(view.row("ann"))))) {
            assertThat(failure.kind()).isEqualTo(Failure.Kind.PROJECTION_NOT_FOUND);
        }
        await().atMost(Duration.ofSeconds(30))
                .until(() -> deltas.stream().anyMatch(delta -> delta.generation() == ViewDelta.DELETED));
        house.apply(ORDERS);
        assertThat(house.rows("orders")).containsOnlyKeys("ann");
        assertThat(house.room().view("orders").generation()).isEqualTo(2);
        house.restart();
        assertThat(house.rows("orders")).containsOnlyKeys("ann");
    }

    @Test
    void anEventThatCannotBeFoldedIsADeadLetterAndOtherRowsGoOn() {
        house.apply(ORDERS);
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":\"much\",\"id\":\"o1\"}");
        house.append("order-2", "OrderPlaced", "{\"total\":5}");
        house.append("order-3", "OrderPlaced", "{\"customer\":\"bob\",\"total\":5}");

        assertThat(house.rows("orders"))
                .isEqualTo(Map.of(
                        "bob",
                        "{\"orders\":1,\"gross\":5,\"last\":null,\"at\":\"2023-11-14T22:13:23Z\",\"cancelled\":0}"));
        assertThat(house.room().info("orders").deadLetters()).isEqualTo(2);
        house.crash();
        house.reach("orders", house.log().head());
        assertThat(house.room().info("orders").deadLetters()).isEqualTo(2);
        house.restart();
        var letters = house.log().readStream("$dlq.projection-orders", 1, Direction.FORWARD, 10);
        assertThat(letters).hasSize(2);
        assertThat(new String(letters.get(0).data()))
                .contains("\"consumer\":\"projection:orders\"")
                .contains("column gross, sum(): 1:")
                .contains("found a string, expected a number")
                .contains("\"stream\":\"order-1\"");
        assertThat(new String(letters.get(1).data())).contains("key: found null, expected a key");
        assertThat(house.metrics()
                        .counter("projection.events", "projection", "orders", "result", "dead_letter")
                        .count())
                .isGreaterThanOrEqualTo(2);
    }

    @Test
    void eventsOfARowAreParkedBehindItsDeadLetterUntilItIsDiscarded() {
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: sum(data.n), last: last(data.n) } }");
        house.append("x-a", "T", "{\"n\":1}");
        house.append("x-a", "T", "{\"n\":\"bad\"}");
        house.append("x-a", "T", "{\"n\":2}");
        house.append("x-a", "T", "{\"n\":\"worse\"}");
        house.append("x-a", "T", "{\"n\":3}");
        house.append("x-b", "T", "{\"n\":4}");

        assertThat(house.rows("p")).isEqualTo(Map.of("a", "{\"n\":1,\"last\":1}", "b", "{\"n\":4,\"last\":4}"));
        house.crash();
        house.resolve("p", "DeadLetterRetried");
        assertThat(house.rows("p")).containsEntry("a", "{\"n\":1,\"last\":1}");
        house.restart();
        house.resolve("p", "DeadLetterDiscarded");
        assertThat(house.rows("p")).containsEntry("a", "{\"n\":3,\"last\":2}");
        assertThat(house.room().info("p").deadLetters()).isEqualTo(1);
        house.resolve("p", "DeadLetterDiscarded");

        assertThat(house.rows("p")).containsEntry("a", "{\"n\":6,\"last\":3}");
        assertThat(house.room().info("p").deadLetters()).isZero();
        assertThat(house.log().readStream("$dlq.projection-p", 1, Direction.FORWARD, 10))
                .extracting(letter -> new String(letter.data()))
                .satisfiesExactly(
                        first -> assertThat(first).contains("\"key\":\"a\",\"attempts\":1}"),
                        again -> assertThat(again).contains("\"attempts\":2,\"retriedFrom\":\"0:"),
                        next -> assertThat(next).contains("\"attempts\":1}"));
    }

    @Test
    void aLetterThatWasRetriedWithoutSuccessSaysNoMoreWhatBecomesOfItsEvent() {
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: sum(data.n) } }");
        house.append("x-a", "T", "{\"n\":\"bad\"}");
        house.append("x-a", "T", "{\"n\":2}");
        house.resolve("p", "DeadLetterRetried");
        var first = house.log()
                .readStream("$dlq.projection-p", 1, Direction.FORWARD, 1)
                .get(0)
                .position();

        house.append("$dlq-resolved.projection-p", "DeadLetterDiscarded", "{\"positions\":[\"" + first + "\"]}");

        assertThat(house.rows("p")).isEmpty();
        assertThat(house.room().info("p").deadLetters()).isEqualTo(1);
        house.resolve("p", "DeadLetterDiscarded");
        assertThat(house.rows("p")).containsEntry("a", "{\"n\":2}");
    }

    @Test
    void anEventForManyRowsWaitsForAllOfThemAndHoldsThemAll() {
        house.apply("projection: p\nfrom: { category: x }\n"
                + "fold: { T: { each: data.k as k, key: k, n: sum(data.n), order: 'list(data.n, 9)' } }");
        house.append("x-1", "T", "{\"k\":[\"a\"],\"n\":\"bad\"}");
        house.append("x-1", "T", "{\"k\":[\"b\",\"a\"],\"n\":2}");
        house.append("x-1", "T", "{\"k\":[\"b\",\"c\"],\"n\":3}");
        house.append("x-1", "T", "{\"k\":[\"d\"],\"n\":4}");

        assertThat(house.rows("p")).isEqualTo(Map.of("d", "{\"n\":4,\"order\":[4]}"));
        house.resolve("p", "DeadLetterDiscarded");

        assertThat(house.rows("p"))
                .isEqualTo(Map.of(
                        "a", "{\"n\":2,\"order\":[2]}",
                        "b", "{\"n\":5,\"order\":[2,3]}",
                        "c", "{\"n\":3,\"order\":[3]}",
                        "d", "{\"n\":4,\"order\":[4]}"));
    }

    @Test
    void anAlertIsAppendedOnceEachTimeARowComesToMeetItsCondition() {
        house.apply("projection: stock\nfrom: { category: x }\nfold: { T: { n: sum(data.n) } }\n"
                + "derive: { twice: n * 2 }\nalert: { when: twice < 0, emit: Oversold, stream: 'stock-${key}' }");
        house.append("x-a", "T", "{\"n\":-1}");
        house.append("x-a", "T", "{\"n\":-1}");
        house.append("x-a", "T", "{\"n\":5}");
        house.append("x-b", "T", "{\"n\":5}");
        house.append("x-a", "T", "{\"n\":-4}");
        house.rows("stock");
        house.crash();
        house.rows("stock");

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(house.log().readStream("stock-a", 1, Direction.FORWARD, 10))
                        .extracting(event -> event.type() + new String(event.data()))
                        .satisfiesExactly(
                                first -> assertThat(first)
                                        .startsWith("Oversold{")
                                        .contains("\"key\":\"a\"", "\"row\":{\"n\":-1,\"twice\":-2}"),
                                second -> assertThat(second).contains("\"row\":{\"n\":-1,\"twice\":-2}")));
        assertThat(house.log().readStream("stock-b", 1, Direction.FORWARD, 10)).isEmpty();
    }

    @Test
    void alertsToNothingThatWasThereBeforeAGenerationWentLive() {
        String alert = "alert: { when: n > 1, emit: Many, stream: 'many-${key}' }";
        house.append("x-old", "T", "{}");
        house.append("x-old", "T", "{}");
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: count() } }\n" + alert);
        house.append("x-new", "T", "{}");
        house.append("x-new", "T", "{}");
        house.rows("p");
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: count(), m: count() } }\n" + alert);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> house.room().view("p").generation() == 2);
        house.append("x-newer", "T", "{}");
        house.append("x-newer", "T", "{}");
        house.rows("p");
        house.crash();
        house.rows("p");
        house.restart();

        assertThat(house.log().streams("many-", "", 10))
                .extracting(stream -> stream.stream() + "@" + stream.version())
                .containsExactly("many-new@1", "many-newer@1");
    }

    @Test
    void aPausedProjectionHasItsRowsAfterACrash() {
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: count() } }");
        house.append("x-a", "T", "{}");
        house.rows("p");
        House.answer(house.room().pause("p", "a look at it"));
        house.crash();

        assertThat(House.answer(house.room().view("p").row("a")).row()).isNotNull();
    }

    @Test
    void aDeletedRowIsToldToWhoAsksWhatChangedUntilItsTombstoneIsForgotten() {
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: count() }, Gone: { delete: true } }");
        house.append("x-a", "T", "{}");
        house.append("x-b", "T", "{}");
        house.rows("p");
        var token = house.room().view("p").cursor();
        house.append("x-a", "Gone", "{}");
        assertThat(house.rows("p")).containsOnlyKeys("b");
        assertThat(house.room().info("p").rows()).isEqualTo(1);

        var resume = house.room().view("p").resume(token);
        var changes = House.answer(house.room().view("p").changesAfter(resume.change(), resume.key(), 10));
        assertThat(resume.exact()).isTrue();
        assertThat(changes.rows()).singleElement().satisfies(gone -> {
            assertThat(gone.key()).isEqualTo("a");
            assertThat(gone.row()).isNull();
        });
        assertThat(House.answer(house.room().view("p").row("a")).row()).isNull();

        house.restart();
        house.pass(Duration.ofDays(8));
        house.append("x-b", "T", "{}");
        house.rows("p");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> !house.room().view("p").resume(token).exact());
        var late = House.answer(house.room().view("p").changesAfter(resume.change(), resume.key(), 10));
        assertThat(late.isForgotten()).isTrue();
        house.append("x-a", "T", "{}");
        assertThat(house.rows("p")).containsEntry("a", "{\"n\":1}");
        house.restart();
        assertThat(house.rows("p")).containsEntry("a", "{\"n\":1}").containsEntry("b", "{\"n\":2}");
    }

    @Test
    void deltasSayWhatEachCommitChangedAndTheCheckpointMovesWithoutMatches() {
        house.apply("projection: p\nfrom: { category: x }\nfold: { T: { n: count() } }");
        var deltas = new ConcurrentLinkedQueue<ViewDelta>();
        house.mesh().listen(Addresses.view("p"), ViewDelta.class, deltas::add);

        changed("a");
        changed("a");
        var other = house.append("y-1", "Other", "{}");
        house.reach("p", other);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> deltas.stream().anyMatch(delta -> delta.cursor().covers(other)));

        var changes = deltas.stream().filter(delta -> !delta.rows().isEmpty()).toList();
        assertThat(changes).hasSize(2);
        assertThat(changes.get(0).rows().get(0).before()).isNull();
        assertThat(House.json(changes.get(1).rows().get(0).before())).isEqualTo("{\"n\":1}");
        assertThat(House.json(changes.get(1).rows().get(0).after())).isEqualTo("{\"n\":2}");
        assertThat(changes.get(1).fromChange()).isEqualTo(1);
        assertThat(changes.get(1).toChange()).isEqualTo(2);
        var last = deltas.stream().reduce((a, b) -> b).orElseThrow();
        assertThat(last.rows()).isEmpty();
        assertThat(last.fromChange()).isEqualTo(last.toChange()).isEqualTo(2);
    }

    @Test
    void waitingEndsInTime() {
        house.apply(ORDERS);
        var beyond = Cursor.of(1_000_000);

        var failure = catchThrowableOfType(
                Failure.class, () -> House.answer(house.room().view("orders").reached(beyond, 50)));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.NOT_YET);
        assertThat(failure.details()).containsKey("cursor");
        assertThat(House.answer(house.room().view("orders").reached(Cursor.of(Cursor.UNNAMED), 0)))
                .isNull();
    }

    @Test
    void theLagIsWhatIsNotFolded() {
        house.apply(ORDERS);
        house.append("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}");
        house.reach("orders", house.log().head());

        assertThat(house.room().view("orders").lag()).isEqualTo(new View.Lag(0, 0));
        assertThat(house.metrics().get("projection.lag").gauge().value()).isZero();
    }

    private void changed(String key) {
        house.reach("p", house.append("x-" + key, "T", "{}"));
    }

    private static View.Resume notExact() {
        return new View.Resume(false, 0, null);
    }
}
