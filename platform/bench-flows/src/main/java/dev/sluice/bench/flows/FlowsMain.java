package dev.sluice.bench.flows;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.flowable.common.engine.impl.history.HistoryLevel;
import org.flowable.engine.ProcessEngine;
import org.flowable.engine.ProcessEngineConfiguration;
import org.flowable.engine.RuntimeService;
import org.flowable.engine.impl.cfg.StandaloneProcessEngineConfiguration;
import org.flowable.job.service.impl.asyncexecutor.AsyncJobExecutorConfiguration;

/**
 * Runs instances of a process of three tasks as often as it is told: a line of {@code instances live key=value…}, with tabs, on
 * standard input, is one run of a new engine on a new database. It answers {@code FIRST} before the first instance is started,
 * {@code DONE} when the last is ended and committed, and the tasks that were executed as the run's last line. It ends with its
 * standard input.
 */
public final class FlowsMain {
    private static final long LOOK_NANOS = 1_000_000;

    private final Map<String, String> settings = new HashMap<>();
    private final long instances;
    private final Flow flow;
    private final AtomicLong started = new AtomicLong();

    FlowsMain(List<String> words) {
        instances = Long.parseLong(words.get(0));
        flow = new Flow(Integer.parseInt(words.get(1)));
        words.subList(2, words.size()).forEach(setting -> {
            int equals = setting.indexOf('=');
            settings.put(setting.substring(0, equals), setting.substring(equals + 1));
        });
    }

    public static void main(String[] none) throws IOException, InterruptedException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            say(String.valueOf(new FlowsMain(List.of(line.split("\t"))).run()));
        }
    }

    /** How many tasks were executed. */
    long run() throws InterruptedException {
        try (var database = database()) {
            var engine = engine(database);
            try {
                Flow.deploy(engine.getRepositoryService());
                engine.getProcessEngineConfiguration().getAsyncExecutor().start();
                say("FIRST");
                start(engine.getRuntimeService());
                while (flow.ended() < instances) {
                    LockSupport.parkNanos(LOOK_NANOS);
                }
                say("DONE");
                long left =
                        engine.getRuntimeService().createProcessInstanceQuery().count();
                if (left != 0) {
                    throw new IllegalStateException("found " + left + " instances in the database, expected none");
                }
            } finally {
                engine.close();
            }
        }
        return flow.tasks();
    }

    private HikariDataSource database() {
        var pool = new HikariConfig();
        pool.setJdbcUrl(setting("jdbc.url"));
        pool.setUsername(setting("jdbc.user"));
        pool.setPassword("");
        pool.setMaximumPoolSize(number("executor.threads") + number("starters") + 4);
        pool.setAutoCommit(false);
        return new HikariDataSource(pool);
    }

    private ProcessEngine engine(HikariDataSource database) {
        var executor = new AsyncJobExecutorConfiguration();
        executor.setMaxAsyncJobsDuePerAcquisition(number("executor.acquire"));
        var engine = new StandaloneProcessEngineConfiguration();
        engine.setDataSource(database);
        engine.setDatabaseSchemaUpdate(ProcessEngineConfiguration.DB_SCHEMA_UPDATE_TRUE);
        engine.setHistoryLevel(HistoryLevel.NONE);
        engine.setDisableIdmEngine(true);
        engine.setDisableEventRegistry(true);
        engine.setEnableEventDispatcher(false);
        engine.setAsyncExecutorConfiguration(executor);
        engine.setAsyncExecutorCorePoolSize(number("executor.threads"));
        engine.setAsyncExecutorMaxPoolSize(number("executor.threads"));
        engine.setAsyncExecutorThreadPoolQueueSize(number("executor.queue"));
        engine.setBeans(Map.of("task", flow.task(), "last", flow.last()));
        return engine.buildProcessEngine();
    }

    private void start(RuntimeService runtime) throws InterruptedException {
        var starters = new ArrayList<Thread>();
        for (int i = 0; i < number("starters"); i++) {
            var starter = new Thread(() -> startSome(runtime), "starter-" + i);
            starter.setUncaughtExceptionHandler((thread, failure) -> {
                failure.printStackTrace();
                Runtime.getRuntime().halt(1);
            });
            starter.start();
            starters.add(starter);
        }
        for (var starter : starters) {
            starter.join();
        }
    }

    private void startSome(RuntimeService runtime) {
        String order = "o".repeat(number("order.bytes"));
        try {
            for (long number; (number = started.getAndIncrement()) < instances; ) {
                flow.awaitRoom();
                runtime.startProcessInstanceByKey(Flow.KEY, "order-" + number, Map.of(Flow.ORDER, order));
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private int number(String key) {
        return Integer.parseInt(setting(key));
    }

    private String setting(String key) {
        String value = settings.get(key);
        if (value == null) {
            throw new IllegalArgumentException("found no setting " + key + " in " + settings.keySet());
        }
        return value;
    }

    private static void say(String word) {
        System.out.println(word);
        System.out.flush();
    }
}
