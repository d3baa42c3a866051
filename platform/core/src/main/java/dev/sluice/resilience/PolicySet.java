package dev.sluice.resilience;

import dev.sluice.log.Failure;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The policies that hold together, and which of them an address has: the one with the most specific pattern. Any thread. */
public final class PolicySet {
    /** No address has a policy. */
    public static final PolicySet EMPTY = compile(List.of());

    static final int MAX_POLICIES = 1_000;
    private static final int MAX_REMEMBERED = 4_096;
    private static final int VERSION_CHARACTERS = 16;

    /** The most specific first. */
    private final List<Entry> entries;

    private final String version;
    private final Map<String, Optional<Policy>> remembered = new ConcurrentHashMap<>();

    /** A policy with its pattern as it is compared. */
    record Entry(AddressPattern pattern, Policy policy) {}

    /**
     * Why an address has its policy.
     *
     * @param policy null: no pattern matches
     * @param lost the others that match, the most specific first
     */
    public record Explanation(String address, @Nullable Policy policy, List<Lost> lost) {
        public Explanation {
            lost = List.copyOf(lost);
        }
    }

    /** A policy that matches too, and what the one that won has before it. */
    public record Lost(Policy policy, String reason) {}

    /** How another set differs: names of policies, in order; where one is written is no difference. */
    public record Changes(List<String> added, List<String> changed, List<String> removed) {
        public Changes {
            added = List.copyOf(added);
            changed = List.copyOf(changed);
            removed = List.copyOf(removed);
        }
    }

    private PolicySet(List<Entry> entries) {
        this.entries = entries;
        this.version = version(entries);
    }

    /** Checks policies against each other and themselves; DEFINITION_INVALID has all {@code violations}. */
    public static PolicySet compile(List<Policy> policies) {
        var entries = new ArrayList<Entry>();
        var violations = PolicyChecks.violations(policies, entries);
        if (!violations.isEmpty()) {
            throw Failure.of(
                            Failure.Kind.DEFINITION_INVALID,
                            violations.stream().map(Violation::toString).collect(Collectors.joining("; ")))
                    .with(
                            "violations",
                            violations.stream().map(Violation::members).toList());
        }
        return new PolicySet(sorted(entries));
    }

    static List<Entry> sorted(List<Entry> entries) {
        return entries.stream().sorted(Comparator.comparing(Entry::pattern)).toList();
    }

    /** The policy of an address, null for none. */
    public @Nullable Policy of(String address) {
        var known = remembered.get(address);
        return known == null ? search(address) : known.orElse(null);
    }

    private @Nullable Policy search(String address) {
        var found = first(entries, address);
        if (remembered.size() >= MAX_REMEMBERED) {
            remembered.clear();
        }
        remembered.put(address, Optional.ofNullable(found));
        return found;
    }

    static @Nullable Policy first(List<Entry> sorted, String address) {
        var segments = AddressPattern.segments(address);
        for (var entry : sorted) {
            if (entry.pattern().matches(segments)) {
                return entry.policy();
            }
        }
        return null;
    }

    /** INVALID_REQUEST for what is no address. */
    public Explanation explain(String address) {
        checkAddress(address);
        var segments = AddressPattern.segments(address);
        var matching = entries.stream()
                .filter(entry -> entry.pattern().matches(segments))
                .toList();
        if (matching.isEmpty()) {
            return new Explanation(address, null, List.of());
        }
        var won = matching.get(0);
        var lost = matching.stream()
                .skip(1)
                .map(entry -> new Lost(entry.policy(), reason(won.pattern(), entry.pattern())))
                .toList();
        return new Explanation(address, won.policy(), lost);
    }

    private static void checkAddress(String text) {
        try {
            AddressPattern.address(text);
        } catch (IllegalArgumentException refused) {
            throw Failure.of(Failure.Kind.INVALID_REQUEST, String.valueOf(refused.getMessage()));
        }
    }

    private static String reason(AddressPattern won, AddressPattern lost) {
        int at = won.difference(lost);
        String segment = at < won.segments().size() ? "'" + won.segments().get(at) + "'" : "the end";
        return "segment " + (at + 1) + ": " + segment + " of '" + won + "' is more specific than '"
                + lost.segments().get(at) + "' of '" + lost + "'";
    }

    /** The policies in the order of their names. */
    public List<Policy> policies() {
        return entries.stream()
                .map(Entry::policy)
                .sorted(Comparator.comparing(Policy::name))
                .toList();
    }

    /** What another set in the place of this one changes. */
    public Changes changesTo(PolicySet next) {
        var before = settingsByName();
        var after = next.settingsByName();
        var added = new ArrayList<String>();
        var changed = new ArrayList<String>();
        after.forEach((name, settings) -> {
            String known = before.remove(name);
            if (known == null) {
                added.add(name);
            } else if (!known.equals(settings)) {
                changed.add(name);
            }
        });
        return new Changes(added, changed, List.copyOf(before.keySet()));
    }

    private Map<String, String> settingsByName() {
        var settings = new TreeMap<String, String>();
        entries.forEach(
                entry -> settings.put(entry.policy().name(), entry.policy().settings()));
        return settings;
    }

    /** Names the settings: the same for the same policies, wherever they are written. */
    public String version() {
        return version;
    }

    private static String version(List<Entry> entries) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            entries.forEach(entry -> digest.update(entry.policy().settings().getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest()).substring(0, VERSION_CHARACTERS);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java has SHA-256", missing);
        }
    }
}
