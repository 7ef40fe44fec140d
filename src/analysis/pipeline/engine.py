"""Run the tasks with pytask on any executor: processes here, or a cluster of Dask.

pytask says what is stale and why, and keeps the record of what was made from what (`build/pytask.lock`). Its own
loop runs one task after another and that of pytask-parallel sleeps between looks; this one hands out whatever is
ready and wakes when something is done.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytask
from _pytask.outcomes import WouldBeExecuted  # not among pytask's public names
from pytask import CollectionOutcome, ExecutionReport, Mark, TaskOutcome, hookimpl

from analysis.pipeline.failures import Stopped
from analysis.pipeline.lock import differences


def run(tasks: list, folder: Path, workers, progress, *, explain: bool = False) -> list[ExecutionReport]:
    """Run what is stale among the tasks and return a report for each.

    folder: where pytask keeps its record. workers: a function that gives the executor, called when the first
    stale task is met. Raises what a task raised; the tasks that it does not concern are left undone.
    """
    (folder / ".pytask").mkdir(parents=True, exist_ok=True)
    pytask.console.quiet = True  # what is worth saying, progress says
    config = folder / "pytask.toml"  # beside it, pytask keeps its lock
    config.write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    loop = None if explain else Loop(workers, progress)
    session = pytask.build(
        tasks=tasks,
        config=config,
        paths=[folder / ".pytask"],
        explain=explain,
        capture="no",
        verbose=0,
        show_traceback=False,
        max_failures=1,
        loop=loop,
    )
    for report in session.collection_reports:
        if report.outcome == CollectionOutcome.FAIL:
            raise report.exc_info[1]
    if session.dag_report is not None:
        raise Stopped(str(session.dag_report.exc_info[1]))
    for report in session.execution_reports:
        if report.outcome == TaskOutcome.FAIL:
            raise report.exc_info[1]
    if loop and loop.error:
        raise loop.error
    return session.execution_reports


def why(report: ExecutionReport) -> str:
    """Say why a task would run, by the files that have changed; empty where it would not."""
    if report.outcome != TaskOutcome.WOULD_BE_EXECUTED:
        return ""
    said = {"changed": "{} changed", "missing": "{} missing", "not_in_db": "{} new", "cascade": "after {}"}
    reasons, inputs = [], report.task.depends_on["inputs"].name
    for reason in report.task.attributes["explanation"].reasons:
        if (reason.node_name, reason.reason) == (inputs, "not_in_db"):
            return "never run"
        states = [reason.details.get(key, "") for key in ("old_hash", "new_hash")]
        names = differences(*states) if reason.node_name == inputs and all(states) else [reason.node_name]
        reasons += [said[reason.reason].format(name) for name in names]
    return "; ".join(sorted(set(reasons)))


class Loop:
    """The loop of one run: hand out, wait, record."""

    def __init__(self, workers, progress):
        self.workers, self.progress, self.executor, self.error = workers, progress, None, None

    def __call__(self, session) -> None:
        """Run the tasks of a session until all are done or one has failed; pytask would swallow our errors."""
        try:
            self.run(session)
        except Exception as error:
            self.error = error

    def run(self, session) -> None:
        """Hand out what is ready and wait for what is done, in turn."""
        running: dict[Future, pytask.PTask] = {}
        scheduler = session.scheduler
        try:
            while scheduler.is_active() and not session.should_stop:
                for name in self.progress.longest_first(scheduler.get_ready(sys.maxsize), session.dag):
                    self._begin(session, session.dag.nodes[name], running)
                done, _ = wait(running, return_when=FIRST_COMPLETED) if running else ((), ())
                for future in done:
                    self._finish(session, running.pop(future), future)
        finally:
            for future in running:
                future.cancel()

    def _begin(self, session, task, running: dict) -> None:
        """Hand a task out, unless pytask finds that nothing has changed."""
        try:
            session.hook.pytask_execute_task_setup(session=session, task=task)
        except Exception:
            self._report(session, task, sys.exc_info())
            return
        self.executor: Executor = self.executor or self.workers()
        self.progress.begin(task.name)
        running[self.executor.submit(timed, task.function)] = task

    def _finish(self, session, task, future: Future) -> None:
        """Record what a task left, or how it failed."""
        problem, seconds = None, None
        try:
            seconds = future.result()
            if moved := task.moved:  # what it did may rest on either state: it must not be recorded
                raise Stopped(f"changed during the run: {'、'.join(path.name for path in moved)}; run again")
            session.hook.pytask_execute_task_teardown(session=session, task=task)
        except Exception as error:
            problem = sys.exc_info()
            if isinstance(error, BrokenProcessPool | CancelledError) or type(error).__name__ == "KilledWorker":
                # which step it was is not to be known: the pool fails all that it has been handed
                died = f"a process died (out of memory, or killed) at {task.name} or a step beside it"
                problem = (Stopped, Stopped(died), None)
        self.progress.end(task.name, seconds)
        self._report(session, task, problem)

    def _report(self, session, task, problem) -> None:
        if problem is None:
            report = ExecutionReport.from_task(task)
        else:
            report = ExecutionReport.from_task_and_exception(task, problem)
        session.hook.pytask_execute_task_process_report(session=session, report=report)
        session.execution_reports.append(report)
        session.scheduler.done(task.signature)
        if report.outcome == TaskOutcome.SKIP_UNCHANGED:
            self.progress.unchanged(task.name)


def timed(work) -> float:
    """Do a piece of work and return the seconds that it took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@hookimpl(tryfirst=True)
def pytask_add_hooks(pm) -> None:
    """Leave out pytask's older record, a database beside the lock: writing it takes seconds, nothing reads it."""
    pm.set_blocked("_pytask.database")


@hookimpl(tryfirst=True)
def pytask_execute_build(session) -> bool | None:
    """Run the session with our loop where there is one (the entry point that pytask looks for)."""
    loop = session.config.get("loop")
    if loop is None:
        return None
    loop(session)
    return True


@hookimpl(tryfirst=True)
def pytask_execute_task_process_report(session, report) -> bool | None:
    """Tell the tasks next in line alone that one would run before them, and they theirs.

    pytask tells each of all that follow, which takes the square of the time: hours for 900 counties.
    """
    if not (report.exc_info and isinstance(report.exc_info[1], WouldBeExecuted)):
        return None
    report.outcome = TaskOutcome.WOULD_BE_EXECUTED
    dag, task = session.dag, report.task
    for follower in {name for made in dag.successors(task.signature) for name in dag.successors(made)}:
        markers = dag.nodes[follower].markers
        if not any(mark.name == "would_be_executed" for mark in markers):
            markers.append(Mark("would_be_executed", (), {"reason": "", "task_name": task.name}))
    return True
