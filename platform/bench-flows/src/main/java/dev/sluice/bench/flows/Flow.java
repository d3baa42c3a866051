package dev.sluice.bench.flows;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.flowable.common.engine.impl.cfg.TransactionState;
import org.flowable.common.engine.impl.context.Context;
import org.flowable.engine.RepositoryService;
import org.flowable.engine.delegate.JavaDelegate;

/**
 * The process that is measured: three service tasks one after the other, each asynchronous, so in a transaction of its own, and none
 * exclusive, so that no row is locked for it. A task reads the order and writes nothing. Any thread.
 */
final class Flow {
    static final String KEY = "flow";
    static final String ORDER = "order";
    static final int TASKS = 3;
    private static final String XML = """
            <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:flowable="http://flowable.org/bpmn" targetNamespace="bench">
              <process id="flow" isExecutable="true">
                <startEvent id="start"/>
                <sequenceFlow id="to-1" sourceRef="start" targetRef="task-1"/>
                <serviceTask id="task-1" flowable:delegateExpression="${task}" flowable:async="true" flowable:exclusive="false"/>
                <sequenceFlow id="to-2" sourceRef="task-1" targetRef="task-2"/>
                <serviceTask id="task-2" flowable:delegateExpression="${task}" flowable:async="true" flowable:exclusive="false"/>
                <sequenceFlow id="to-3" sourceRef="task-2" targetRef="task-3"/>
                <serviceTask id="task-3" flowable:delegateExpression="${last}" flowable:async="true" flowable:exclusive="false"/>
                <sequenceFlow id="to-end" sourceRef="task-3" targetRef="end"/>
                <endEvent id="end"/>
              </process>
            </definitions>
            """;

    private final Semaphore room;
    private final AtomicLong ended = new AtomicLong();
    private final LongAdder tasks = new LongAdder();

    /** @param mostLive instances that may be under way at once */
    Flow(int mostLive) {
        room = new Semaphore(mostLive);
    }

    static void deploy(RepositoryService repository) {
        repository.createDeployment().addString(KEY + ".bpmn20.xml", XML).deploy();
    }

    /** Waits until one more may be under way. */
    void awaitRoom() throws InterruptedException {
        room.acquire();
    }

    /** What all tasks do. */
    JavaDelegate task() {
        return execution -> {
            if (execution.getVariable(ORDER) == null) {
                throw new IllegalStateException("found no order in " + execution.getProcessInstanceId());
            }
            tasks.increment();
        };
    }

    /** What the last task does besides: the instance counts when the transaction that ends it is committed. */
    JavaDelegate last() {
        var task = task();
        return execution -> {
            task.execute(execution);
            Context.getTransactionContext().addTransactionListener(TransactionState.COMMITTED, committed -> {
                ended.incrementAndGet();
                room.release();
            });
        };
    }

    long ended() {
        return ended.get();
    }

    /** Tasks that were executed, those whose transaction was rolled back and done again included. */
    long tasks() {
        return tasks.sum();
    }
}
