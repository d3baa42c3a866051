package dev.sluice.resilience;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Why a set of policies is refused.
 *
 * @param place file and line of the policy
 * @param key of the policy, such as {@code outbound.perTryTimeout}
 * @param next what to do about it
 */
record Violation(String place, String policy, String key, String found, String expected, String next) {
    /** As a problem document has it. */
    Map<String, Object> members() {
        var members = new LinkedHashMap<String, Object>();
        members.put("place", place);
        members.put("policy", policy);
        members.put("key", key);
        members.put("found", found);
        members.put("expected", expected);
        members.put("next", next);
        return members;
    }

    @Override
    public String toString() {
        return place + ": " + policy + ": " + key + ": found " + found + ", expected " + expected + " (" + next + ")";
    }
}
