package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The sizes and words of STYLE.md, as limits with a margin above what it aims at. */
class TidyTest {
    private static final int METHOD_LINES = 70;
    private static final int FILE_LINES = 500;
    private static final int PARAMETERS = 9;
    private static final int PACKAGE_FILES = 30;

    /** Rooms that hide much behind few public types hold more files. */
    private static final Map<String, Integer> LARGER_PACKAGES = Map.of(
            "dev/sluice/log",
            70,
            "dev/sluice/projection",
            55,
            "dev/sluice/server/gateway",
            50,
            "dev/sluice/server/live",
            40,
            "dev/sluice/server/cli",
            60,
            "dev/sluice/saga",
            40,
            "dev/sluice/resilience",
            40,
            "dev/sluice/bench",
            50);

    private static final Pattern UNFINISHED = Pattern.compile("\\b(TODO|FIXME|XXX|HACK)\\b");
    private static final Pattern BANNED_NAME =
            Pattern.compile(".*(Manager|Helper|Helpers|Util|Utils|Impl|Context|Data)");

    /** It makes the data bytes of events, for which data is the word. */
    private static final Set<String> NAMED_KNOWINGLY = Set.of("OrderData");

    private static final List<Path> SOURCES = Repository.mainSources();

    @Test
    void sawTheSources() {
        assertThat(SOURCES).as("main sources below %s", Repository.root()).hasSizeGreaterThan(40);
    }

    @Test
    void filesAreShort() {
        var tooLong = SOURCES.stream()
                .filter(file -> Repository.text(file).lines().count() > FILE_LINES)
                .map(TidyTest::shown)
                .toList();

        assertThat(tooLong).as("files of more than %d lines", FILE_LINES).isEmpty();
    }

    @Test
    void packagesAreSmall() {
        var counts = SOURCES.stream()
                .collect(Collectors.groupingBy(TidyTest::packageFolder, TreeMap::new, Collectors.counting()));
        counts.entrySet()
                .removeIf(each -> each.getValue() <= LARGER_PACKAGES.getOrDefault(each.getKey(), PACKAGE_FILES));

        assertThat(counts).as("packages of more than %d files", PACKAGE_FILES).isEmpty();
    }

    @Test
    void everyPackageSaysWhatItIsForAndIsNullMarked() {
        var unmarked = SOURCES.stream()
                .map(Path::getParent)
                .distinct()
                .map(folder -> folder.resolve("package-info.java"))
                .filter(file -> !Files.exists(file)
                        || !Repository.text(file).contains("@NullMarked")
                        || !Repository.text(file).startsWith("/**"))
                .map(TidyTest::shown)
                .toList();

        assertThat(unmarked)
                .as("package-info.java missing, without Javadoc or not @NullMarked")
                .isEmpty();
    }

    @Test
    void nothingIsLeftForLater() {
        var unfinished = new ArrayList<String>();
        for (var file : SOURCES) {
            var lines = Repository.text(file).lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (UNFINISHED.matcher(lines.get(i)).find()) {
                    unfinished.add(
                            shown(file) + ":" + (i + 1) + " " + lines.get(i).strip());
                }
            }
        }

        assertThat(unfinished).isEmpty();
    }

    @Test
    void methodsAreShortAndTypesAreNamedForWhatTheyAre() throws IOException {
        var findings = new ArrayList<String>();
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            var task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(SOURCES));
            var positions = Trees.instance(task).getSourcePositions();
            for (var unit : task.parse()) {
                new Findings(unit, positions, findings).scan(unit, null);
            }
        }

        assertThat(findings).isEmpty();
    }

    private static String packageFolder(Path file) {
        var text = file.getParent().toString();
        return text.substring(text.indexOf("src/main/java/") + "src/main/java/".length());
    }

    private static String shown(Path file) {
        return Repository.root().relativize(file).toString();
    }

    private static final class Findings extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final ArrayDeque<Tree.Kind> kinds = new ArrayDeque<>();
        private final List<String> findings;

        Findings(CompilationUnitTree unit, SourcePositions positions, List<String> findings) {
            this.unit = unit;
            this.positions = positions;
            this.findings = findings;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
            if (method.getBody() != null && lines(method.getBody()) > METHOD_LINES) {
                report(
                        method,
                        method.getName() + " has " + lines(method.getBody()) + " lines, at most " + METHOD_LINES);
            }
            if (method.getParameters().size() > PARAMETERS && !isOfRecord(method)) {
                report(
                        method,
                        method.getName() + " has " + method.getParameters().size() + " parameters, at most "
                                + PARAMETERS);
            }
            return super.visitMethod(method, unused);
        }

        /** The components of a record are data, not parameters: what checks them has them all. */
        private boolean isOfRecord(MethodTree method) {
            return kinds.peek() == Tree.Kind.RECORD && method.getName().contentEquals("<init>");
        }

        @Override
        public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
            var name = type.getSimpleName().toString();
            if (BANNED_NAME.matcher(name).matches() && !NAMED_KNOWINGLY.contains(name)) {
                report(type, name + " says nothing: name the thing it is");
            }
            kinds.push(type.getKind());
            super.visitClass(type, unused);
            kinds.pop();
            return null;
        }

        private long lines(Tree body) {
            return line(positions.getEndPosition(unit, body)) - line(positions.getStartPosition(unit, body)) - 1;
        }

        private long line(long position) {
            return unit.getLineMap().getLineNumber(position);
        }

        private void report(Tree tree, String what) {
            var file = shown(Path.of(unit.getSourceFile().toUri()));
            findings.add(file + ":" + line(positions.getStartPosition(unit, tree)) + " " + what);
        }
    }
}
