package dev.sluice.expression;

import org.jspecify.annotations.Nullable;

/** Cuts an expression into tokens, by CEL's lexical rules. */
final class Lexer {
    /** What a token is. */
    enum Kind {
        NAME("a name"),
        NUMBER("a number"),
        STRING("a string"),
        SYMBOL("a symbol"),
        END("the end");

        private final String shown;

        Kind(String shown) {
            this.shown = shown;
        }

        String shown() {
            return shown;
        }
    }

    /** {@code text}: name, symbol or content of a string; {@code number}: of a number. */
    record Token(Kind kind, String text, @Nullable Decimal number, int at) {
        boolean is(String symbol) {
            return kind == Kind.SYMBOL && text.equals(symbol);
        }

        String shown() {
            return kind == Kind.END ? "the end" : kind == Kind.STRING ? "a string" : "'" + text + "'";
        }
    }

    private static final String[] SYMBOLS = {
        "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ".",
        ",", "?", ":"
    };

    private final String text;
    private int at;

    Lexer(String text) {
        this.text = text;
    }

    Token next() {
        skipBlank();
        int start = at;
        if (at == text.length()) {
            return new Token(Kind.END, "", null, start);
        }
        char c = text.charAt(at);
        if (isNameStart(c)) {
            while (at < text.length() && (isNameStart(text.charAt(at)) || isDigit(text.charAt(at)))) {
                at++;
            }
            return new Token(Kind.NAME, text.substring(start, at), null, start);
        }
        if (isDigit(c) || c == '.' && at + 1 < text.length() && isDigit(text.charAt(at + 1))) {
            return number();
        }
        if (c == '"' || c == '\'') {
            return string(c);
        }
        for (String symbol : SYMBOLS) {
            if (text.startsWith(symbol, at)) {
                at += symbol.length();
                return new Token(Kind.SYMBOL, symbol, null, start);
            }
        }
        throw Place.invalid(text, at, unknown(c));
    }

    private String unknown(char c) {
        return switch (c) {
            case '=' -> "found '=', expected '=='";
            case '&' -> "found '&', expected '&&'";
            case '|' -> "found '|', expected '||'";
            default ->
                "found %s, expected a name, a number, a string or an operator"
                        .formatted(Character.isISOControl(c) ? "U+%04X".formatted((int) c) : "'" + c + "'");
        };
    }

    private void skipBlank() {
        while (at < text.length()) {
            if (text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (" \t\r\n\f".indexOf(text.charAt(at)) >= 0) {
                at++;
            } else {
                return;
            }
        }
    }

    private Token number() {
        int start = at;
        digits();
        if (at + 1 < text.length() && text.charAt(at) == '.' && isDigit(text.charAt(at + 1))) {
            at++;
            digits();
        }
        if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
            at++;
            if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
                at++;
            }
            int exponent = at;
            digits();
            if (exponent == at) {
                throw Place.invalid(text, at, "found a number without digits in its exponent, expected some");
            }
        }
        if (at < text.length() && isNameStart(text.charAt(at))) {
            throw Place.invalid(
                    text,
                    at,
                    "found '" + text.charAt(at) + "' behind a number, expected a decimal number such as 12.5");
        }
        var digits = text.substring(start, at);
        var value = Decimal.parse(digits.toCharArray(), 0, digits.length());
        if (value == null) {
            throw Place.invalid(
                    text, start, "found a number too large, expected at most " + Decimal.MAX_DIGITS + " digits");
        }
        return new Token(Kind.NUMBER, digits, value, start);
    }

    private void digits() {
        while (at < text.length() && isDigit(text.charAt(at))) {
            at++;
        }
    }

    private Token string(char quote) {
        int start = at++;
        var content = new StringBuilder();
        while (at < text.length() && text.charAt(at) != quote && text.charAt(at) != '\n') {
            char c = text.charAt(at++);
            if (c == '\\') {
                escape(content);
            } else {
                content.append(c);
            }
        }
        if (at == text.length() || text.charAt(at) != quote) {
            throw Place.invalid(text, start, "found a string without an end, expected " + quote);
        }
        at++;
        return new Token(Kind.STRING, content.toString(), null, start);
    }

    private void escape(StringBuilder content) {
        int start = at - 1;
        char c = at < text.length() ? text.charAt(at++) : ' ';
        int simple = "abfnrtv".indexOf(c);
        if (simple >= 0) {
            content.append("\u0007\b\f\n\r\t\u000b".charAt(simple));
        } else if ("\\'\"`?".indexOf(c) >= 0) {
            content.append(c);
        } else if (c == 'x' || c == 'X') {
            content.appendCodePoint(code(start, 2, 16));
        } else if (c == 'u') {
            content.appendCodePoint(code(start, 4, 16));
        } else if (c == 'U') {
            content.appendCodePoint(code(start, 8, 16));
        } else if (c >= '0' && c <= '3') {
            at--;
            content.appendCodePoint(code(start, 3, 8));
        } else {
            throw Place.invalid(text, start, "found an unknown escape, expected one such as \\n, \\\\, \\' or \\u00e9");
        }
    }

    private int code(int start, int digits, int radix) {
        int end = Math.min(at + digits, text.length());
        try {
            var number = text.substring(at, end);
            int code = number.length() == digits && number.charAt(0) != '+' && number.charAt(0) != '-'
                    ? Integer.parseInt(number, radix)
                    : -1;
            if (Character.isValidCodePoint(code) && (code < 0xd800 || code > 0xdfff)) {
                at = end;
                return code;
            }
        } catch (NumberFormatException notDigits) {
            // the same complaint as for a code point that does not exist
        }
        throw Place.invalid(text, start, "found an escape that is no character, expected " + digits + " digits");
    }

    private static boolean isNameStart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
