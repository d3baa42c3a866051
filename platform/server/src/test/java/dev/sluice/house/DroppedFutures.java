package dev.sluice.house;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionStatementTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LambdaExpressionTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Finds futures that nobody hears: an expression statement of type Future, a void lambda whose body is one, a method reference
 * to a method that returns one where nothing is expected. A chain counts as heard when its last calls are handlers and one of
 * them hears of failure. Javac types the sources, so names and overloads need no guessing.
 */
final class DroppedFutures {
    private static final String FUTURE = "io.vertx.core.Future";
    private static final Set<String> HANDLERS = Set.of("onComplete", "onFailure", "onSuccess");
    private static final Set<String> HEAR_FAILURE = Set.of("onComplete", "onFailure");

    private final JavacTask task;
    private final Trees trees;
    private final @Nullable TypeMirror future;
    private final List<String> found = new ArrayList<>();

    private DroppedFutures(JavacTask task) {
        this.task = task;
        this.trees = Trees.instance(task);
        var type = task.getElements().getTypeElement(FUTURE);
        this.future = type == null ? null : task.getTypes().erasure(type.asType());
    }

    static List<String> inFiles(List<Path> files) {
        try (var manager = ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null)) {
            var sources = new ArrayList<JavaFileObject>();
            manager.getJavaFileObjectsFromPaths(files).forEach(sources::add);
            return inSources(sources);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One line for each: file:line and what is dropped. */
    static List<String> inSources(List<JavaFileObject> sources) {
        var task = (JavacTask) ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, ignored -> {}, List.of("-proc:none", "-cp", classPath()), null, sources);
        try {
            var units = new ArrayList<CompilationUnitTree>();
            task.parse().forEach(units::add);
            task.analyze();
            var check = new DroppedFutures(task);
            if (check.future == null) {
                throw new IllegalStateException(FUTURE + " is not on the class path " + classPath());
            }
            units.forEach(check::scan);
            return check.found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The test's own class path, and what other modules' sources need beyond it: the libraries of the broker and of the benches. */
    private static String classPath() {
        var more = Stream.of(
                        "connectors/kafka/target/broker/lib",
                        "platform/bench/target/bench",
                        "platform/bench-streams/target/streams",
                        "platform/bench-flows/target/flows")
                .flatMap(folder -> Repository.jars(Repository.root().resolve(folder)).stream())
                .map(Path::toString);
        return Stream.concat(Stream.of(System.getProperty("java.class.path")), more)
                .collect(Collectors.joining(File.pathSeparator));
    }

    private void scan(CompilationUnitTree unit) {
        new TreePathScanner<@Nullable Void, @Nullable Void>() {
            @Override
            public @Nullable Void visitExpressionStatement(ExpressionStatementTree statement, @Nullable Void unused) {
                judge(unit, new TreePath(getCurrentPath(), statement.getExpression()), statement.getExpression());
                return super.visitExpressionStatement(statement, unused);
            }

            @Override
            public @Nullable Void visitLambdaExpression(LambdaExpressionTree lambda, @Nullable Void unused) {
                if (lambda.getBody() instanceof ExpressionTree body && isVoid(getCurrentPath())) {
                    judge(unit, new TreePath(getCurrentPath(), body), body);
                }
                return super.visitLambdaExpression(lambda, unused);
            }

            @Override
            public @Nullable Void visitMemberReference(MemberReferenceTree reference, @Nullable Void unused) {
                if (isVoid(getCurrentPath())
                        && trees.getElement(getCurrentPath()) instanceof ExecutableElement method
                        && isFuture(method.getReturnType())) {
                    report(unit, reference, "dropped by the reference " + reference);
                }
                return super.visitMemberReference(reference, unused);
            }
        }.scan(unit, null);
    }

    private void judge(CompilationUnitTree unit, TreePath path, ExpressionTree expression) {
        if (!(expression instanceof MethodInvocationTree call)) {
            return;
        }
        var type = trees.getTypeMirror(path);
        if (type == null || type.getKind() == TypeKind.ERROR) {
            if (!isHeard(call)) {
                report(unit, call, "cannot judge, its type is not known: " + shown(call));
            }
        } else if (isFuture(type) && !isHeard(call)) {
            report(unit, call, "dropped: " + shown(call));
        }
    }

    private boolean isFuture(TypeMirror type) {
        return type.getKind() == TypeKind.DECLARED
                && task.getTypes().isAssignable(task.getTypes().erasure(type), future);
    }

    private static boolean isHeard(MethodInvocationTree last) {
        for (ExpressionTree call = last; call instanceof MethodInvocationTree invocation; ) {
            if (!(invocation.getMethodSelect() instanceof MemberSelectTree select)
                    || !HANDLERS.contains(select.getIdentifier().toString())) {
                return false;
            }
            if (HEAR_FAILURE.contains(select.getIdentifier().toString())) {
                return true;
            }
            call = select.getExpression();
        }
        return false;
    }

    /** Whether the functional interface that a lambda or reference stands for returns nothing. */
    private boolean isVoid(TreePath path) {
        if (!(trees.getTypeMirror(path) instanceof DeclaredType target)) {
            return false;
        }
        var object = task.getElements().getTypeElement("java.lang.Object");
        return task.getElements().getAllMembers((TypeElement) target.asElement()).stream()
                .filter(ExecutableElement.class::isInstance)
                .map(ExecutableElement.class::cast)
                .filter(method -> method.getModifiers().contains(Modifier.ABSTRACT))
                .filter(method -> object.getEnclosedElements().stream()
                        .noneMatch(inherited -> inherited.getSimpleName().equals(method.getSimpleName())))
                .anyMatch(method -> method.getReturnType().getKind() == TypeKind.VOID);
    }

    private void report(CompilationUnitTree unit, Tree tree, String what) {
        var line = unit.getLineMap().getLineNumber(trees.getSourcePositions().getStartPosition(unit, tree));
        var file = Path.of(unit.getSourceFile().getName()).getFileName();
        found.add(file + ":" + line + " " + what);
    }

    private static String shown(Tree tree) {
        var text = tree.toString().replaceAll("\\s+", " ");
        return text.length() <= 100 ? text : text.substring(0, 100) + "…";
    }
}
