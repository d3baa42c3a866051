package dev.sluice.participant;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlaceTest {
    @Test
    void liesBelowTheUrl() {
        assertThat(Place.below("/base", "charges/42:capture")).isEqualTo("/base/charges/42:capture");
        assertThat(Place.below("/base", "/charges")).isEqualTo("/base/charges");
        assertThat(Place.below("", "charges/a%20b")).isEqualTo("/charges/a%20b");
        assertThat(Place.below("/base", "..a/.b")).isEqualTo("/base/..a/.b");
        assertThat(Place.below("/base", "")).isEqualTo("/base");
        assertThat(Place.below("", "")).isEqualTo("/");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "..",
                "a/../../admin",
                "./a",
                "a/.",
                "a/",
                "a//b",
                "http://elsewhere/a",
                "//elsewhere/a",
                "/..",
                "/../a",
                "%2e%2e/a",
                "a/.%2E/b",
                "a%2fb",
                "a%5Cb",
                "a\\b",
                "a?admin=true",
                "a#b",
                "a b",
                "a\r\nHost: elsewhere",
                "a\n",
                "%4",
                "ä"
            })
    void leadsNowhereElse(String place) {
        assertThat(Place.below("/base", place)).isNull();
    }
}
