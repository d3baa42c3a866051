package dev.sluice.resilience;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * Which node a key belongs to, the same for all who know the same nodes: each node has a score for the key, and the highest wins (Thaler
 * and Ravishankar, Using Name-Based Mappings to Increase Hit Rates), weighted by {@code -weight / ln(hash)}. A node that goes moves its own keys
 * and no other; one that comes takes only what it keeps. Immutable.
 */
public final class Rendezvous {
    private static final double FRACTION = 0x1p-53;

    private final List<Scored> nodes;

    /** Somebody who has keys, in proportion to the weight. */
    public record Node(String name, double weight) {
        public Node {
            if (!(weight > 0 && weight <= Double.MAX_VALUE)) {
                throw new IllegalArgumentException("found weight " + weight + " of " + name + ", expected more than 0");
            }
        }
    }

    private record Scored(Node node, long hash) {}

    /** @param nodes in any order; a name that comes twice has its last weight */
    public Rendezvous(Collection<Node> nodes) {
        var byName = new TreeMap<String, Node>(Comparator.naturalOrder());
        nodes.forEach(node -> byName.put(node.name(), node));
        this.nodes = byName.values().stream()
                .map(node -> new Scored(node, hash(node.name())))
                .toList();
    }

    /** The name of the node that a key belongs to. */
    public String of(String key) {
        if (nodes.isEmpty()) {
            throw new IllegalStateException("found no node, expected at least one");
        }
        long hash = hash(key);
        var best = nodes.get(0);
        double bestScore = 0;
        for (var node : nodes) {
            double score = score(node, hash);
            if (score > bestScore) {
                bestScore = score;
                best = node;
            }
        }
        return best.node.name();
    }

    private static double score(Scored node, long keyHash) {
        double hash = ((mixed(keyHash ^ node.hash) >>> 11) + 0.5) * FRACTION;
        return -node.node.weight() / Math.log(hash);
    }

    private static long hash(String text) {
        long hash = text.length();
        for (int i = 0; i < text.length(); i++) {
            hash = mixed(hash ^ text.charAt(i));
        }
        return hash;
    }

    /** One step of SplitMix64. */
    private static long mixed(long number) {
        long z = number + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
