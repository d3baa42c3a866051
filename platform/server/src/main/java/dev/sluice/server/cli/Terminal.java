package dev.sluice.server.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Where a command writes: data to {@code out}, talk to {@code err}.
 *
 * @param isInteractive whether {@code out} is a terminal
 * @param talksToTerminal whether {@code err} is one
 * @param columns width of the terminal, 0 when not known
 */
public record Terminal(
        PrintStream out,
        PrintStream err,
        boolean isInteractive,
        boolean talksToTerminal,
        int columns,
        boolean hasColours) {
    private static final int BUFFER_BYTES = 1 << 16;

    /** Styles of text on a terminal. */
    enum Style {
        BOLD("1"),
        DIM("2"),
        RED("31"),
        GREEN("32"),
        YELLOW("33"),
        CYAN("36");

        private final String code;

        Style(String code) {
            this.code = code;
        }
    }

    /** This process's own; the launcher tells what is a terminal, because Java can only tell it of both ends together. */
    public static Terminal ofProcess(Map<String, String> environment) {
        String columns = System.getProperty("sluice.columns");
        boolean isInteractive = columns != null;
        boolean plain = !environment.getOrDefault("NO_COLOR", "").isEmpty()
                || "dumb".equals(environment.getOrDefault("TERM", ""));
        return new Terminal(
                new PrintStream(
                        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES),
                        false,
                        StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                isInteractive,
                "terminal".equals(System.getProperty("sluice.talk")),
                isInteractive ? parseColumns(columns) : 0,
                isInteractive && !plain);
    }

    private static int parseColumns(String text) {
        return text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
    }

    /** The text in a style, plain where there are no colours. */
    String styled(Style style, String text) {
        return hasColours ? "\u001b[" + style.code + "m" + text + "\u001b[0m" : text;
    }

    /** Writes a line of data; whoever reads it having gone away ends the command quietly. */
    void line(String text) {
        out.print(text);
        out.print('\n');
        if (isInteractive) {
            flush();
        }
    }

    /** Hands over what was written. */
    void flush() {
        if (out.checkError()) {
            throw new ReaderGone();
        }
    }

    /** Says something to the person, not part of the data. */
    void say(String text) {
        err.println(text);
    }

    /** Says in passing what only a person who watches wants to know. */
    void mention(String text) {
        if (talksToTerminal) {
            say("— " + text);
        }
    }

    /** The reader of a pipe has closed it, as {@code head} does. */
    static final class ReaderGone extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReaderGone() {
            super("the reader of the output is gone", null, false, false);
        }
    }
}
