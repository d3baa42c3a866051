package dev.sluice.house;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds the closed table of DESIGN §3: which room may import which, and who may touch what is foreign. */
class ArchitectureTest {
    private static final String OURS = "dev.sluice.";

    /** Every room with the rooms that it may import. A room that is not here, or is here and empty, fails the build. */
    private static final Map<String, Set<String>> ALLOWED = allowed();

    /** What of the log only its keepers touch; everybody else imports its value types. */
    private static final Set<String> MACHINES =
            Set.of("CommitLog", "Log", "RowStore", "Shard", "ShardTransaction", "Tail", "Write");

    private static final Set<String> KEEPERS =
            Set.of("log", "shard", "command", "projection", "projection.row", "saga", "server");

    /** What other rooms may see of the inner rooms of projection. */
    private static final Set<String> SHOWN = Set.of("dev.sluice.projection.row.Row");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar") && !location.contains("/test-classes/"))
            .importPackages("dev.sluice");

    private static Map<String, Set<String>> allowed() {
        var table = new LinkedHashMap<String, Set<String>>();
        table.put("log", Set.of());
        table.put("bus", Set.of("log"));
        table.put("shard", Set.of("log", "bus"));
        table.put("expression", Set.of("log", "bus"));
        table.put("yaml", Set.of("log"));
        table.put("resilience", Set.of("log", "bus", "yaml"));
        table.put("spi", Set.of("log"));
        table.put("projection.definition", Set.of("log", "shard", "expression", "yaml"));
        table.put("projection.row", Set.of("log", "expression", "projection.definition"));
        table.put("projection", Set.of("log", "bus", "shard", "expression", "projection.definition", "projection.row"));
        table.put("ingest", Set.of("log", "bus", "shard", "expression", "spi"));
        table.put("command", Set.of("log", "bus", "shard"));
        table.put("saga", Set.of("log", "bus", "shard", "expression", "yaml", "spi", "command"));
        table.put("participant", Set.of("log", "bus", "yaml", "spi"));
        table.put("kafka", Set.of("log", "bus", "spi"));
        table.put("server.live", Set.of("log", "bus", "shard", "expression", "projection", "projection.row"));
        table.put(
                "server.gateway",
                Set.of(
                        "log",
                        "bus",
                        "shard",
                        "expression",
                        "yaml",
                        "resilience",
                        "command",
                        "projection",
                        "projection.row",
                        "ingest",
                        "saga",
                        "server.live"));
        table.put("server.mesh", Set.of("log", "bus", "shard", "resilience"));
        table.put("server.cli", Set.of("log", "spi"));
        table.put("server", table.keySet());
        return table;
    }

    @Test
    void everyRoomOfTheTableIsThereAndNoOther() {
        var seen = new TreeSet<String>();
        CLASSES.stream()
                .filter(type -> !isPackageInfo(type))
                .map(ArchitectureTest::room)
                .forEach(seen::add);

        assertThat(seen)
                .as("rooms with classes, against the table of allowed edges")
                .isEqualTo(new TreeSet<>(ALLOWED.keySet()));
    }

    @Test
    void roomsImportOnlyWhatTheTableAllows() {
        var broken = new TreeMap<String, Set<String>>();
        for (var type : CLASSES) {
            for (var dependency : type.getDirectDependenciesFromSelf()) {
                if (isOurs(dependency.getTargetClass()) && !isAllowed(dependency)) {
                    broken.computeIfAbsent(edge(dependency), edge -> new LinkedHashSet<>())
                            .add(dependency.getDescription());
                }
            }
        }

        assertThat(broken).as("edges that the table does not allow").isEmpty();
    }

    @Test
    void onlyItsKeepersTouchTheMachineryOfTheLog() {
        var machines = describe(
                "the machinery of the log",
                (JavaClass type) -> type.getPackageName().equals("dev.sluice.log")
                        && MACHINES.contains(outermost(type).getSimpleName()));

        noClasses()
                .that(describe("are not its keepers", type -> !KEEPERS.contains(room(type))))
                .should()
                .dependOnClassesThat(machines)
                .check(CLASSES);
    }

    @Test
    void onlyProjectionLooksIntoItsInnerRooms() {
        var inner = describe(
                "what the inner rooms of projection hide",
                (JavaClass type) ->
                        type.getPackageName().startsWith("dev.sluice.projection.") && !SHOWN.contains(type.getName()));

        noClasses()
                .that(not(resideInAPackage("dev.sluice.projection..")))
                .should()
                .dependOnClassesThat(inner)
                .check(CLASSES);
    }

    @Test
    void onlyTheLogTouchesRocksDb() {
        noClasses()
                .that(not(resideInAPackage("dev.sluice.log..")))
                .should()
                .dependOnClassesThat(resideInAPackage("org.rocksdb.."))
                .check(CLASSES);
    }

    @Test
    void onlyTheKafkaConnectorTouchesKafka() {
        noClasses()
                .that(not(resideInAPackage("dev.sluice.kafka..")))
                .should()
                .dependOnClassesThat(resideInAnyPackage("org.apache.kafka..", "kafka..", "io.vertx.kafka.."))
                .check(CLASSES);
    }

    @Test
    void theLogKnowsNoVertx() {
        noClasses()
                .that(resideInAPackage("dev.sluice.log.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.vertx.."))
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.sluice.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    /** Time, environment and waiting come in as arguments; only where a process begins they are taken from the machine. */
    @Test
    void clockEnvironmentAndSleepComeInFromWhereTheProcessBegins() {
        noClasses()
                .that(describe("do not begin a process", type -> !mayAskTheMachine(type)))
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .check(CLASSES);
    }

    private static boolean mayAskTheMachine(JavaClass type) {
        var name = outermost(type).getName();
        return Set.of("log.LogOptions", "server.Config", "server.Wiring", "server.Main").stream()
                        .anyMatch(place -> name.equals(OURS + place))
                || type.getPackageName().equals(OURS + "server.cli");
    }

    private static boolean isAllowed(Dependency dependency) {
        var from = room(dependency.getOriginClass());
        var to = room(dependency.getTargetClass());
        return from.equals(to) || ALLOWED.getOrDefault(from, Set.of()).contains(to);
    }

    private static String edge(Dependency dependency) {
        return room(dependency.getOriginClass()) + " → " + room(dependency.getTargetClass());
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().startsWith(OURS);
    }

    private static boolean isPackageInfo(JavaClass type) {
        return type.getSimpleName().equals("package-info");
    }

    /** The first part of the package below ours, and the second too below those that have inner rooms. */
    private static String room(JavaClass type) {
        var parts = type.getPackageName().substring(OURS.length()).split("\\.");
        var depth = Set.of("server", "projection").contains(parts[0]) ? Math.min(2, parts.length) : 1;
        return String.join(".", Arrays.copyOf(parts, depth));
    }

    private static JavaClass outermost(JavaClass type) {
        return type.getEnclosingClass().map(ArchitectureTest::outermost).orElse(type);
    }
}
