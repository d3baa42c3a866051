package dev.sluice.expression;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.sluice.expression.Compiler.Code;
import dev.sluice.expression.Compiler.Type;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The functions. Each is null when an operand is. Regular expressions are RE2's (github.com/google/re2/wiki/Syntax): their time is
 * linear in the text.
 */
final class Functions {
    private static final int MAX_PATTERN = 1000;
    private static final int MAX_MATCHED = 64 << 10;
    private static final int MAX_STATES = 4000;
    private static final int MAX_PLACES = 100;

    /** How each is written. */
    private static final Map<String, String> USAGES = Map.ofEntries(
            Map.entry("size", "size(x) or x.size()"),
            Map.entry("startsWith", "text.startsWith(start)"),
            Map.entry("endsWith", "text.endsWith(end)"),
            Map.entry("contains", "text.contains(part)"),
            Map.entry("matches", "text.matches('pattern')"),
            Map.entry("lower", "text.lower()"),
            Map.entry("upper", "text.upper()"),
            Map.entry("abs", "abs(number)"),
            Map.entry("round", "round(number) or round(number, places)"),
            Map.entry("floor", "floor(number)"),
            Map.entry("ceil", "ceil(number)"),
            Map.entry("timestamp", "timestamp('2026-01-31T12:00:00Z')"),
            Map.entry("duration", "duration('1h30m')"));

    private final Ast.Call call;
    private final Compiler compiler;
    private final List<Ast> operands = new ArrayList<>();

    private Functions(Ast.Call call, Compiler compiler) {
        this.call = call;
        this.compiler = compiler;
        if (call.target() != null) {
            operands.add(call.target());
        }
        operands.addAll(call.arguments());
    }

    static Code compile(Ast.Call call, Compiler compiler) {
        return new Functions(call, compiler).code();
    }

    private Code code() {
        boolean isMethod = call.target() != null;
        int count = operands.size();
        return switch (call.function()) {
            case "size" -> used(count == 1, this::size);
            case "startsWith" -> used(isMethod && count == 2, () -> test(String::startsWith));
            case "endsWith" -> used(isMethod && count == 2, () -> test(String::endsWith));
            case "contains" -> used(isMethod && count == 2, () -> test(Texts::contains));
            case "matches" -> used(count == 2, this::matches);
            case "lower" -> used(isMethod && count == 1, () -> changed(text -> text.toLowerCase(Locale.ROOT)));
            case "upper" -> used(isMethod && count == 1, () -> changed(text -> text.toUpperCase(Locale.ROOT)));
            case "abs" -> used(!isMethod && count == 1, () -> number(x -> x.signum() < 0 ? x.negated() : x));
            case "round" -> used(!isMethod && (count == 1 || count == 2), this::round);
            case "floor" -> used(!isMethod && count == 1, () -> number(x -> x.rounded(0, RoundingMode.FLOOR)));
            case "ceil" -> used(!isMethod && count == 1, () -> number(x -> x.rounded(0, RoundingMode.CEILING)));
            case "timestamp" -> used(!isMethod && count == 1, () -> parsed(Type.TIME, Functions::time));
            case "duration" -> used(!isMethod && count == 1, () -> parsed(Type.DURATION, Functions::duration));
            default ->
                throw compiler.invalid(
                        call,
                        "found the function " + call.function() + "(), expected one of "
                                + String.join(", ", new TreeSet<>(USAGES.keySet()))
                                + ", has, exists, all, filter, map");
        };
    }

    private Code used(boolean isRight, java.util.function.Supplier<Code> code) {
        if (!isRight) {
            throw compiler.invalid(
                    call,
                    "found " + call.function() + "() with other operands, expected " + USAGES.get(call.function()));
        }
        return code.get();
    }

    private Code size() {
        var operand = compiler.whole(operands.get(0));
        if (!operand.type().mayBe(Type.LIST) && operand.type() != Type.STRING) {
            throw compiler.invalid(
                    operands.get(0), "found " + operand.type().shown() + ", expected a string, a list or an object");
        }
        var value = operand.evaluator();
        var place = compiler.place(operands.get(0));
        compiler.count();
        return new Code(Type.NUMBER, facts -> {
            var sized = value.evaluate(facts);
            if (sized == null) {
                return null;
            }
            if (sized instanceof String text) {
                facts.text(text.length(), place);
                return Decimal.of(text.codePointCount(0, text.length()));
            }
            if (sized instanceof List<?> list) {
                return Decimal.of(list.size());
            }
            if (sized instanceof Map<?, ?> fields) {
                return Decimal.of(fields.size());
            }
            throw place.failed("found " + Values.shown(sized) + ", expected a string, a list or an object");
        });
    }

    private Code test(BiPredicate<String, String> test) {
        var text = text(0);
        var part = text(1);
        return new Code(Type.BOOLEAN, facts -> {
            var whole = text.apply(facts);
            var wanted = part.apply(facts);
            return whole == null || wanted == null ? null : test.test(whole, wanted);
        });
    }

    /** The pattern is compiled once, so it must be there already. */
    private Code matches() {
        var text = text(0);
        if (!(operands.get(1) instanceof Ast.Literal literal && literal.value() instanceof String written)) {
            throw compiler.invalid(operands.get(1), "found a computed pattern, expected one in quotes");
        }
        if (written.length() > MAX_PATTERN) {
            throw compiler.invalid(
                    operands.get(1),
                    "found a pattern of " + written.length() + " characters, expected at most " + MAX_PATTERN);
        }
        long states = PatternStates.atMost(written);
        if (compiler.states(states) > MAX_STATES) {
            throw compiler.invalid(
                    operands.get(1),
                    "found patterns too large with their repetitions written out, expected at most " + MAX_STATES
                            + " states in an expression");
        }
        Pattern pattern;
        try {
            pattern = Pattern.compile(written);
        } catch (PatternSyntaxException malformed) {
            throw compiler.invalid(
                    operands.get(1),
                    "found the pattern " + malformed.getPattern() + " (" + malformed.getDescription()
                            + "), expected a regular expression of RE2");
        }
        var place = compiler.place(call);
        return new Code(Type.BOOLEAN, facts -> {
            var matched = text.apply(facts);
            if (matched == null) {
                return null;
            }
            if (matched.length() > MAX_MATCHED) {
                throw place.failed("found a string of " + matched.length() + " characters, expected at most "
                        + MAX_MATCHED + " to match");
            }
            facts.text(matched.length() * states, place);
            return pattern.matcher(matched).find();
        });
    }

    private Code changed(UnaryOperator<String> change) {
        var text = text(0);
        return new Code(Type.STRING, facts -> {
            var from = text.apply(facts);
            return from == null ? null : change.apply(from);
        });
    }

    private Function<Facts, @Nullable String> text(int operand) {
        var tree = operands.get(operand);
        var from = compiler.demand(compiler.code(tree), tree, Type.STRING);
        var place = compiler.place(tree);
        compiler.count();
        return facts -> {
            var value = from.evaluate(facts);
            if (value == null) {
                return null;
            }
            if (value instanceof String text) {
                facts.text(text.length(), place);
                return text;
            }
            throw place.failed("found " + Values.shown(value) + ", expected a string");
        };
    }

    private Code number(UnaryOperator<Decimal> change) {
        var tree = operands.get(0);
        var value = compiler.demand(compiler.code(tree), tree, Type.NUMBER);
        var place = compiler.place(tree);
        return new Code(Type.NUMBER, facts -> {
            var number = value.evaluate(facts);
            if (number == null) {
                return null;
            }
            if (number instanceof Decimal from) {
                return change.apply(from);
            }
            throw place.failed("found " + Values.shown(number) + ", expected a number");
        });
    }

    /** Half away from zero, as CEL's math.round. */
    private Code round() {
        if (operands.size() == 1) {
            return number(x -> x.rounded(0, RoundingMode.HALF_UP));
        }
        if (operands.get(1) instanceof Ast.Literal literal
                && literal.value() instanceof Decimal places
                && places.isWhole()
                && places.toIndex() >= 0
                && places.toIndex() <= MAX_PLACES) {
            return number(x -> x.rounded(places.toIndex(), RoundingMode.HALF_UP));
        }
        throw compiler.invalid(operands.get(1), "found other places, expected a whole number from 0 to " + MAX_PLACES);
    }

    /** A text read as another value; a literal is read once, here. */
    private Code parsed(Type type, Function<Object, @Nullable Object> read) {
        var tree = operands.get(0);
        String expected =
                type == Type.TIME ? "a time such as 2026-01-31T12:00:00Z" : "a duration such as 1h30m or 500ms";
        if (tree instanceof Ast.Literal literal && literal.value() != null) {
            var value = read.apply(literal.value());
            if (value == null) {
                throw compiler.invalid(tree, "found '" + literal.value() + "', expected " + expected);
            }
            return new Code(type, facts -> value);
        }
        var from = compiler.code(tree).evaluator();
        var place = compiler.place(tree);
        return new Code(type, facts -> {
            var written = from.evaluate(facts);
            if (written == null) {
                return null;
            }
            var value = read.apply(written);
            if (value == null) {
                throw place.failed("found " + Values.shown(written) + " that is none, expected " + expected);
            }
            return value;
        });
    }

    /** A time, its text, or seconds since 1970 UTC. */
    private static @Nullable Object time(Object written) {
        if (written instanceof Decimal seconds) {
            return Time.ofSeconds(seconds);
        }
        return written instanceof String text ? Time.parse(text) : written instanceof Time ? written : null;
    }

    private static @Nullable Object duration(Object written) {
        return written instanceof String text ? Texts.duration(text) : written instanceof Duration ? written : null;
    }
}
