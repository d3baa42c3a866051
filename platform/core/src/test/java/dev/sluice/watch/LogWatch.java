package dev.sluice.watch;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.slf4j.LoggerFactory;

/**
 * Fails a test during which something logged an error that it does not expect, or an event loop was blocked (STYLE 17).
 * JUnit finds it by itself wherever core's test classes are on the class path.
 */
public final class LogWatch implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private static final String BLOCKED = "BlockedThreadChecker";
    private static final int SHOWN = 20;

    private static final LoopTimes LOOPS = LoopTimes.watching();
    private static final Queue<String> LINES = new ConcurrentLinkedQueue<>();
    private static final AppenderBase<ILoggingEvent> APPENDER = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent line) {
            boolean isBlocked = line.getLoggerName().endsWith(BLOCKED) && !LOOPS.isStarved(line.getFormattedMessage());
            if (line.getLevel().isGreaterOrEqual(Level.ERROR) || isBlocked) {
                LINES.add(shown(line));
            }
        }
    };

    @Override
    public void beforeAll(ExtensionContext context) {
        attach();
    }

    /** Again for each test: a configuration read in between takes appenders off. */
    @Override
    public void beforeEach(ExtensionContext context) {
        attach();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        failOnUnexpected(context);
    }

    /** What came between the tests: while a class started or ended what its tests share. */
    @Override
    public void afterAll(ExtensionContext context) {
        failOnUnexpected(context);
    }

    private static void attach() {
        if (LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root
                && !root.isAttached(APPENDER)) {
            APPENDER.setContext(root.getLoggerContext());
            APPENDER.start();
            root.addAppender(APPENDER);
        }
    }

    private static void failOnUnexpected(ExtensionContext context) {
        var unexpected = new ArrayList<String>();
        var expected = expected(context);
        for (var line = LINES.poll(); line != null; line = LINES.poll()) {
            if (expected.stream().noneMatch(line::contains)) {
                unexpected.add(line);
            }
        }
        if (!unexpected.isEmpty()) {
            throw new AssertionError("unexpected lines in the log:\n"
                    + String.join("\n", unexpected.subList(0, Math.min(SHOWN, unexpected.size()))));
        }
    }

    private static List<String> expected(ExtensionContext context) {
        return Stream.concat(context.getElement().stream(), context.getTestClass().stream())
                .flatMap(element -> AnnotationSupport.findAnnotation(element, ExpectsErrors.class).stream())
                .flatMap(annotation -> Arrays.stream(annotation.value()))
                .toList();
    }

    private static String shown(ILoggingEvent line) {
        var cause = line.getThrowableProxy();
        return line.getLevel() + " [" + line.getThreadName() + "] " + line.getLoggerName() + " "
                + line.getFormattedMessage()
                + (cause == null ? "" : " (" + cause.getClassName() + ": " + cause.getMessage() + ")");
    }
}
