package dev.sluice.server.cli;

import java.io.PrintStream;
import java.util.Map;

/** The help texts that stand above single commands; each command's own comes from picocli. */
final class Help {
    private static final int NAME_WIDTH = 20;

    private Help() {}

    static void all(PrintStream out) {
        out.println("Sluice: publish events over Kafka or HTTP, keep them in a durable log, watch live projections.");
        out.println();
        out.println("Usage: sluice COMMAND [OPTIONS]");
        out.println();
        Catalogue.sentences().forEach((name, sentence) -> entry(out, name, sentence));
        out.println();
        out.println("sluice COMMAND --help shows options and an example. SLUICE_URL names the server");
        out.println("(default http://127.0.0.1:8080). Exit codes: 0 ok, 1 failed, 2 usage, 3 not found,");
        out.println("4 conflict, 5 permission, 6 unavailable, 7 timeout, 130 interrupted.");
        out.println();
        out.println("Example:");
        out.println("  sluice dev");
        out.println("  sluice append order-1 OrderPlaced customerId=cust-7 total=129.90");
        out.println("  sluice tail --category order");
    }

    static void group(String group, PrintStream out) {
        out.println("Usage: sluice " + group + " COMMAND [OPTIONS]");
        out.println();
        String first = "";
        for (Map.Entry<String, String> command : Catalogue.sentences().entrySet()) {
            if (command.getKey().startsWith(group + " ")) {
                entry(out, command.getKey(), command.getValue());
                first = first.isEmpty() ? command.getKey() : first;
            }
        }
        out.println();
        out.println("Example:");
        out.println("  sluice " + first);
    }

    /** " (did you mean …?)" when a command is spelled nearly so, else nothing. */
    static String suggestion(String word) {
        for (String name : Catalogue.sentences().keySet()) {
            String candidate = name.contains(" ") ? name.substring(0, name.indexOf(' ')) : name;
            if (distance(candidate, word) <= 2) {
                return " (did you mean '" + candidate + "'?)";
            }
        }
        return "";
    }

    private static void entry(PrintStream out, String name, String sentence) {
        out.println("  " + name + " ".repeat(Math.max(1, NAME_WIDTH - name.length())) + sentence);
    }

    /** Levenshtein's distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
