package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page /play in a real browser, over a server under load that is cut off, killed and builds its rows anew. */
class PlayPageIT {
    private static final int PER_SECOND = 2_400;
    private static final int CUSTOMERS = 1_000;
    private static final int ROWS_SHOWN = 200;
    private static final String STATE = "document.querySelector('.state').dataset.state";

    /** Remembers the longest time between two frames of the screen. */
    private static final String WATCH_FRAMES = """
            longestMs = 0;
            lastFrame = performance.now();
            (function frame(now) {
              longestMs = Math.max(longestMs, now - lastFrame);
              lastFrame = now;
              requestAnimationFrame(frame);
            })(lastFrame)""";

    private static final int FROZEN_MS = 5_000;
    private static final String RATE = "Number(document.getElementById('rate').textContent.replaceAll(',', ''))";

    @TempDir
    Path folder;

    @Test
    void showsTheRowsOfTheViewWhateverHappens() {
        var program = Chromium.installed();
        if (program.isEmpty()) {
            System.out.println("PlayPageIT: SKIPPED, found no Chromium: install Debian's chromium, or set CHROMIUM");
        }
        assumeTrue(program.isPresent(), "no Chromium");
        try (var server = new ServerProcess(folder.resolve("server"), 1, SteadyAppends.PROJECTION, "")) {
            var api = new Api(server);
            server.start();
            server.awaitReady();
            try (var appends = new SteadyAppends(api, server, PER_SECOND, CUSTOMERS, System.nanoTime());
                    var browser = Chromium.start(program.get(), folder.resolve("profile"))) {
                browser.open(server.uri("/play"));
                browser.evaluate(WATCH_FRAMES);
                browser.await("2,000 changes/s shown", RATE + " >= 2000");
                sortByKeyboard(browser);
                refuseAnExpression(browser);
                cutAndReconnect(browser, appends);
                var longest = browser.evaluate("longestMs");
                System.out.println("PlayPageIT: longest time between two frames, ms: " + longest);
                assertThat(longest.doubleValue()).as("a page that answers").isLessThan(FROZEN_MS);
                int complaints = browser.complaints().size();
                killTheServer(browser, server, appends);
                switchGeneration(browser, api);
                appends.stop();

                endsWithTheRows(browser, api.rows("by-customer", api.head("order")));
                staysAtHome(browser, server);
                assertThat(complaints).as("%s", browser.complaints()).isZero();
                assertThat(browser.complaints()).allMatch(each -> each.contains("ERR_CONNECTION_REFUSED"));
            }
            assertThat(server.errorLines()).isEmpty();
        }
    }

    private static void sortByKeyboard(Chromium browser) {
        browser.evaluate("document.querySelectorAll('thead button')[2].focus()");
        browser.press("Enter", 13, "\r");

        browser.await(
                "gross sorted, highest first", "document.querySelectorAll('thead th')[2].ariaSort === 'descending'");
    }

    private static void refuseAnExpression(Chromium browser) {
        browser.evaluate("document.getElementById('where').focus()");
        browser.type("gross >> 1");
        browser.press("Enter", 13, "\r");
        browser.await(
                "the refusal with a pointer",
                "/gross >> 1\\n +\\^/.test(document.getElementById('refusal').textContent)"
                        + " && document.getElementById('where').ariaInvalid === 'true'");
        assertThat(browser.evaluate(STATE).textValue()).isEqualTo("live");

        browser.evaluate("document.getElementById('where').value = ''");
        browser.press("Enter", 13, "\r");
        browser.await("no refusal", "document.getElementById('refusal').hidden");
    }

    private static void cutAndReconnect(Chromium browser, SteadyAppends appends) {
        browser.evaluate("document.getElementById('link').focus()");
        browser.press("Enter", 13, "\r");
        browser.await("cut", STATE + " === 'held'");
        int soMany = appends.count();
        Awaitility.await("appends while the page is cut off")
                .atMost(Duration.ofSeconds(30))
                .until(() -> appends.count() > soMany + PER_SECOND);
        browser.await("nothing that comes", RATE + " === 0");

        browser.press("Enter", 13, "\r");
        browser.await(
                "exactly resumed",
                STATE + " === 'live' && document.getElementById('resumed').textContent === 'exact' && " + RATE
                        + " > 0");
    }

    private static void killTheServer(Chromium browser, ServerProcess server, SteadyAppends appends) {
        server.kill();
        browser.await("reconnecting", "document.getElementById('state').textContent === 'reconnecting'");
        server.start();
        server.awaitReady();
        int soMany = appends.count();

        browser.await("live again", STATE + " === 'live' && " + RATE + " > 0");
        assertThat(browser.evaluate("document.getElementById('resumed').textContent")
                        .textValue())
                .isEqualTo("exact");
        Awaitility.await("appends after the kill")
                .atMost(Duration.ofSeconds(30))
                .until(() -> appends.count() > soMany);
    }

    private static void switchGeneration(Chromium browser, Api api) {
        api.rebuild("by-customer");

        browser.await("the next generation", "document.getElementById('generation').textContent === 'g2'");
    }

    private static void endsWithTheRows(Chromium browser, Map<String, JsonNode> rows) {
        Comparator<Map.Entry<String, JsonNode>> byGross =
                Comparator.comparing(row -> row.getValue().required("gross").decimalValue());
        var expected = rows.entrySet().stream()
                .sorted(byGross.reversed().thenComparing(Map.Entry.comparingByKey()))
                .toList();

        browser.await("every row counted", "document.getElementById('count').textContent", text -> text.textValue()
                .replace(",", "")
                .equals(String.valueOf(rows.size())));
        assertShown(browser, expected.stream().limit(ROWS_SHOWN).toList());
        browser.evaluate("document.getElementById('where').value = 'key.startsWith(\"customer-7\")'");
        browser.evaluate("document.getElementById('wanted').requestSubmit()");
        assertShown(
                browser,
                expected.stream()
                        .filter(row -> row.getKey().startsWith("customer-7"))
                        .toList());
    }

    /** Waits for the rows: the page may be some milliseconds behind. */
    private static void assertShown(Chromium browser, List<Map.Entry<String, JsonNode>> rows) {
        var expected = rows.stream().map(PlayPageIT::cells).toList();
        var last = new LinkedHashMap<String, List<List<String>>>();
        try {
            browser.await(
                    "the rows of the view",
                    "[...document.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))",
                    shown -> {
                        last.put("shown", texts(shown));
                        return last.containsValue(expected);
                    });
        } finally {
            assertThat(last.get("shown")).isEqualTo(expected);
        }
    }

    private static List<String> cells(Map.Entry<String, JsonNode> row) {
        var cells = new java.util.ArrayList<String>();
        cells.add(row.getKey());
        row.getValue().forEach(value -> cells.add(value.asText()));
        return cells;
    }

    private static List<List<String>> texts(JsonNode table) {
        return StreamSupport.stream(table.spliterator(), false)
                .map(row -> StreamSupport.stream(row.spliterator(), false)
                        .map(JsonNode::textValue)
                        .toList())
                .toList();
    }

    private static void staysAtHome(Chromium browser, ServerProcess server) {
        var home = server.uri("/").toString().replace("http://", "");

        assertThat(browser.requests())
                .isNotEmpty()
                .allMatch(each -> each.matches("(http|ws)://.*")
                        && each.substring(each.indexOf("//") + 2).startsWith(home));
    }
}
