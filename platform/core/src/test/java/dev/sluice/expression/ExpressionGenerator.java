package dev.sluice.expression;

import java.util.Random;

/** Random expressions that have a value without an error in both languages: typed, indexes in range, whole numbers in arithmetic. */
final class ExpressionGenerator {
    private static final int MAX_DEPTH = 5;

    private final Random random;
    private int depth;
    private int locals;

    ExpressionGenerator(long seed) {
        random = new Random(seed);
    }

    String condition() {
        if (isLeaf()) {
            return one("true", "false", "data.ok", "data.no", "has(data.o)", "has(data.zzz)");
        }
        depth++;
        String text =
                switch (random.nextInt(11)) {
                    case 0 -> "(" + condition() + " && " + condition() + ")";
                    case 1 -> "(" + condition() + " || " + condition() + ")";
                    case 2 -> "!" + condition();
                    case 3 -> "(" + number() + one(" < ", " <= ", " > ", " >= ", " == ", " != ") + number() + ")";
                    case 4 -> "(" + text() + one(" < ", " <= ", " > ", " >= ", " == ", " != ") + text() + ")";
                    case 5 -> "(" + condition() + " ? " + condition() + " : " + condition() + ")";
                    case 6 -> "(" + whole() + " in " + numbers() + ")";
                    case 7 -> "(" + text() + " in " + texts() + ")";
                    case 8 -> text() + "." + one("startsWith", "endsWith", "contains") + "(" + text() + ")";
                    case 9 -> loop(one("exists", "all"));
                    default -> text() + ".matches(" + one("'^a'", "'m.*r$'", "'[a-c]+'", "'(am|b)+'", "''") + ")";
                };
        depth--;
        return text;
    }

    private String loop(String macro) {
        String variable = "x" + locals++;
        boolean isText = random.nextBoolean();
        String text = (isText ? texts() : numbers()) + "." + macro + "(" + variable + ", "
                + (isText
                        ? "(" + variable + one(" == ", " < ", " != ") + text() + ")"
                        : "(" + variable + one(" == ", " < ", " >= ") + number() + " || " + condition() + ")")
                + ")";
        locals--;
        return text;
    }

    private String number() {
        return random.nextInt(6) == 0 ? "data.half" : whole();
    }

    private String whole() {
        if (isLeaf()) {
            return one("0", "1", "2", "-1", "17", "data.n", "data.neg", "data.o.a", "data.l[0]", "data.items[2].qty");
        }
        depth++;
        String text =
                switch (random.nextInt(7)) {
                    case 0 -> "(" + whole() + one(" + ", " - ", " * ") + whole() + ")";
                    case 1 -> "(" + whole() + " % " + one("2", "3", "-5") + ")";
                    case 2 -> "-(" + whole() + ")";
                    case 3 -> "size(" + one(text(), texts(), numbers()) + ")";
                    case 4 -> one(numbers(), texts(), "data.items", "data.o") + ".size()";
                    case 5 -> "(" + condition() + " ? " + whole() + " : " + whole() + ")";
                    default -> "data.l[" + one("0", "1", "2", "data.o.a") + "]";
                };
        depth--;
        return text;
    }

    private String text() {
        if (isLeaf()) {
            return one(
                    "'a'",
                    "''",
                    "\"amber\"",
                    "'b\\n'",
                    "data.s",
                    "data.e",
                    "data['o'].b.c",
                    "data.w[1]",
                    "data.items[0].sku");
        }
        depth++;
        String text = random.nextBoolean()
                ? "(" + text() + " + " + text() + ")"
                : "(" + condition() + " ? " + text() + " : " + text() + ")";
        depth--;
        return text;
    }

    private String numbers() {
        if (isLeaf()) {
            return one("[1, 2, 3]", "[0]", "data.l", "data.none");
        }
        depth++;
        String variable = "x" + locals++;
        String text =
                switch (random.nextInt(4)) {
                    case 0 -> "[" + whole() + ", " + whole() + "]";
                    case 1 -> numbers() + ".filter(" + variable + ", " + variable + one(" > ", " != ") + whole() + ")";
                    case 2 -> numbers() + ".map(" + variable + ", " + variable + one(" + ", " * ") + whole() + ")";
                    default -> "data.items.map(" + variable + ", " + variable + ".qty)";
                };
        locals--;
        depth--;
        return text;
    }

    private String texts() {
        if (isLeaf()) {
            return one("['a', 'b']", "data.w", "data.none");
        }
        depth++;
        String variable = "x" + locals++;
        String text =
                switch (random.nextInt(3)) {
                    case 0 -> "[" + text() + ", " + text() + "]";
                    case 1 -> texts() + ".filter(" + variable + ", " + variable + " < " + text() + ")";
                    default ->
                        "data.items.filter(" + variable + ", " + variable + ".qty > 0).map(" + variable + ", "
                                + variable + ".sku)";
                };
        locals--;
        depth--;
        return text;
    }

    private boolean isLeaf() {
        return depth >= MAX_DEPTH || random.nextInt(4) == 0;
    }

    private String one(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
