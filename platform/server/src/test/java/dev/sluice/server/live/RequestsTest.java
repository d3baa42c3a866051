package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Selection;
import dev.sluice.projection.Rows;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestsTest {
    @Test
    void readsASubscriptionToAView() {
        var request = parse("{'op':'subscribe','sub':3,'to':'projection:orders','mode':'latest','where':'gross > 1',"
                + "'prefix':'a','keys':null,'window':10,'minInterval':100,'meta':['cursor','at'],'more':{}}");

        assertThat(request).isInstanceOfSatisfying(Request.Subscribe.class, subscribe -> {
            assertThat(subscribe.sub()).isEqualTo(3);
            assertThat(subscribe.window()).isEqualTo(10);
            assertThat(subscribe.target())
                    .isEqualTo(new Request.ViewTarget(
                            "orders",
                            new RowSelector.Wanted("a", null, "gross > 1", null, false),
                            null,
                            100,
                            false,
                            null,
                            true));
            assertThat(subscribe.meta()).containsExactly(Request.Meta.CURSOR, Request.Meta.AT);
        });
    }

    @Test
    void readsWhichRowsAndWhatOfThem() {
        var keyed = view("'keys':['b','a','b'],'fields':['gross'],'numbers':'string','mode':'every'");
        var first = view("'orderBy':'gross desc','limit':5");

        assertThat(keyed.wanted())
                .isEqualTo(new RowSelector.Wanted("", List.of("a", "b"), null, List.of("gross"), true));
        assertThat(keyed.isEvery()).isTrue();
        assertThat(first.top()).isEqualTo(new Request.Top(new Rows.Order("gross", true), 5));
        assertThat(view("'snapshot':'never'").hasSnapshot()).isFalse();
    }

    private static Request.ViewTarget view(String members) {
        var request = (Request.Subscribe) parse("{'op':'subscribe','sub':1,'to':'projection:p'," + members + "}");
        return (Request.ViewTarget) request.target();
    }

    @Test
    void aChangeTakesThePlaceOfWhatItNamesAndLeavesTheRest() {
        var before = (Request.Subscribe) parse("{'op':'subscribe','sub':1,'to':'projection:p','where':'a > 1',"
                + "'fields':['a'],'after':'x','window':7,'meta':['at']}");
        var change = (Request.Change) parse("{'op':'change','sub':1,'where':null,'prefix':'k'}");

        var changed = Requests.changed(before, change, "cursor");

        assertThat(((Request.ViewTarget) changed.target()).wanted())
                .isEqualTo(new RowSelector.Wanted("k", null, null, List.of("a"), false));
        assertThat(((Request.ViewTarget) changed.target()).after()).isNull();
        assertThat(changed.resume()).isEqualTo("cursor");
        assertThat(changed.window()).isEqualTo(7);
        assertThat(changed.meta()).containsExactly(Request.Meta.AT);
    }

    @Test
    void readsSubscriptionsToEvents() {
        assertThat(target("events:order-1")).isEqualTo(new Selection.OfStream("order-1"));
        assertThat(target("events:category:order")).isEqualTo(new Selection.OfCategory("order"));
        assertThat(target("events:$all")).isEqualTo(new Selection.All());
    }

    private static Selection target(String to) {
        var request = (Request.Subscribe) parse("{'op':'subscribe','sub':1,'to':'" + to + "'}");
        return ((Request.EventTarget) request.target()).selection();
    }

    @Test
    void echoesANumberThatNoDoubleHolds() {
        var ping = (Request.Ping) parse("{'op':'ping','t':1e400}");

        assertThat(ping.t()).isEqualTo("1E+400");
    }

    @Test
    void readsTimesOfAnyZone() {
        var request = (Request.Subscribe)
                parse("{'op':'subscribe','sub':1,'to':'events:$all','since':'1970-01-01T01:00:01.5+01:00'}");

        assertThat(((Request.EventTarget) request.target()).sinceMicros()).isEqualTo(1_500_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'op':                                                     | bad_frame   | no JSON",
                "{'op':'ping'                                               | bad_frame   | ends too early",
                "[1]                                                        | bad_frame   | a JSON array",
                "{}                                                         | bad_frame   | no op",
                "{'op':7}                                                   | bad_frame   | op as a JSON number",
                "{'op':'dance'}                                             | bad_frame   | dance",
                "{'op':'hello'}                                             | bad_frame   | v as nothing",
                "{'op':'ping'} x                                            | bad_frame   | no JSON",
                "{'op':'ping','op':'pong'}                                  | bad_frame   | Duplicate",
                "{'op':'credit','sub':1}                                    | bad_frame   | rows as nothing",
                "{'op':'credit','sub':1,'rows':0}                           | bad_frame   | rows as 0",
                "{'op':'credit','rows':1}                                   | bad_frame   | no sub",
                "{'op':'pause','sub':'1'}                                   | bad_frame   | expected an integer",
                "{'op':'pause','sub':4294967296}                            | bad_frame   | expected an integer",
                "{'op':'subscribe','sub':1}                                 | bad_frame   | no to",
                "{'op':'subscribe','sub':1,'to':'topic:x'}                  | unsupported | topic:x",
                "{'op':'subscribe','sub':1,'to':'saga:'}                    | bad_frame   | saga:NAME/KEY",
                "{'op':'subscribe','sub':1,'to':'saga:x/'}                  | bad_frame   | saga:NAME/KEY",
                "{'op':'subscribe','sub':1,'to':'saga:x','where':'a > 1'}   | unsupported | where",
                "{'op':'subscribe','sub':1,'to':'saga:x','mode':'latest'}   | unsupported | latest",
                "{'op':'subscribe','sub':1,'to':'projection:'}              | bad_frame   | no name",
                "{'op':'subscribe','sub':1,'to':'events:'}                  | invalid_stream | 0 bytes",
                "{'op':'subscribe','sub':1,'to':'projection:p','keys':[]}   | bad_frame   | a list of 0",
                "{'op':'subscribe','sub':1,'to':'projection:p','keys':[1]}  | bad_frame   | a JSON number in keys",
                "{'op':'subscribe','sub':1,'to':'projection:p','keys':['a'],'prefix':'b'} | unsupported | keys and prefix",
                "{'op':'subscribe','sub':1,'to':'projection:p','fields':'x'} | bad_frame  | fields as a JSON string",
                "{'op':'subscribe','sub':1,'to':'projection:p','orderBy':'x up'} | invalid_request | x up",
                "{'op':'subscribe','sub':1,'to':'projection:p','orderBy':'x','limit':1001} | bad_frame | at most 1000",
                "{'op':'subscribe','sub':1,'to':'projection:p','orderBy':'x','keys':['a']} | unsupported | orderBy with keys",
                "{'op':'subscribe','sub':1,'to':'projection:p','limit':5}   | unsupported | limit",
                "{'op':'subscribe','sub':1,'to':'projection:p','mode':'all'} | unsupported | latest or every",
                "{'op':'subscribe','sub':1,'to':'projection:p','mode':'every','minInterval':5} | unsupported | minInterval",
                "{'op':'subscribe','sub':1,'to':'projection:p','snapshot':'no'} | unsupported | auto or never",
                "{'op':'subscribe','sub':1,'to':'projection:p','numbers':'x'} | unsupported | number or string",
                "{'op':'subscribe','sub':1,'to':'projection:p','last':1}    | unsupported | last",
                "{'op':'subscribe','sub':1,'to':'events:x','mode':'latest'} | unsupported | latest",
                "{'op':'subscribe','sub':1,'to':'events:x','after':'y'}     | unsupported | after",
                "{'op':'subscribe','sub':1,'to':'events:x','since':'10m'}   | bad_frame   | RFC 3339",
                "{'op':'subscribe','sub':1,'to':'events:x','last':-1}       | bad_frame   | last as -1",
                "{'op':'subscribe','sub':1,'to':'events:x','meta':['a']}    | unsupported | meta 'a'",
                "{'op':'subscribe','sub':1,'to':'events:x','window':1.5}    | bad_frame   | window as 1.5",
                "{'op':'subscribe','sub':1,'to':'events:x','keys':['a']}    | unsupported | keys",
                "{'op':'change','where':'x'}                                | bad_frame   | no sub",
                "{'op':'auth','token':'x'}                                  | unsupported | auth",
            })
    void refusesWhatItCannotObeyAndSaysWhy(String frame, String code, String part) {
        var refused = catchThrowableOfType(Refused.class, () -> parse(frame));

        assertThat(refused.code()).isEqualTo(code);
        assertThat(refused).hasMessageContaining(part);
    }

    @Test
    void refusesBytesThatLookLikeAnotherEncoding() {
        var refused = catchThrowableOfType(Refused.class, () -> Requests.parse(new byte[] {0, 0, '{', 0}));

        assertThat(refused.code()).isEqualTo("bad_frame");
    }

    @Property(tries = 300)
    void nothingButARefusalComesOfAnyBytes(@ForAll byte[] bytes) {
        try {
            Requests.parse(bytes);
        } catch (Refused expected) {
            assertThat(new String(expected.frame(), StandardCharsets.UTF_8)).startsWith("{\"op\":\"error\"");
        }
    }

    private static Request parse(String frame) {
        return Requests.parse(frame.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
