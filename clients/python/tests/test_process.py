"""The client in processes that end, fork, or are made by multiprocessing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import unittest
from typing import Set

from support import PATIENCE, SOURCES, ClientTest, Collector, Handler, Received, accept, hang


class ProcessTest(ClientTest):
    def run_script(self, collector: Collector, script: str, **environment: str) -> str:
        """Runs a script with the client's sources; what it prints must be all that it says."""
        head = """
            import os, sys, threading
            from promptops import ClientConfig, PromptOpsClient
            client = PromptOpsClient(ClientConfig(telemetry={"flush_interval": 600}))
            def record(user, client=client):
                assert client.record(model_provider="openai", model_name="gpt-4o", user_id=user)
        """
        finished = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(script)],
            env={
                **os.environ,
                "PYTHONPATH": str(SOURCES),
                "PROMPTOPS_BASE_URL": collector.url,
                "PROMPTOPS_API_KEY": "po_test",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
        )
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout

    def users(self, collector: Collector) -> Set[str]:
        return {event["user_id"] for event in collector.stored.values()}

    def test_events_are_flushed_when_the_interpreter_ends(self) -> None:
        collector = self.collector()
        self.run_script(collector, "for n in range(250): record(str(n))")
        self.assertEqual(len(collector.stored), 250)

    def test_events_recorded_by_the_last_threads_are_flushed_too(self) -> None:
        collector = self.collector()
        script = """
            def work():
                threading.main_thread().join()
                record("last")
            threading.Thread(target=work).start()
        """
        self.run_script(collector, script)
        self.assertEqual(self.users(collector), {"last"})

    def test_a_collector_that_hangs_holds_the_end_up_no_longer_than_the_deadline(self) -> None:
        collector = self.collector(hang)
        script = """
            client = PromptOpsClient(ClientConfig(telemetry={"shutdown_timeout": 0.2}, on_drop=lambda drop: print(drop.reason)))
            record("x", client)
        """
        self.run_script(collector, script)
        self.assertEqual(len(collector.wait_for_requests(1)), 1)

    def test_an_exception_that_ends_the_program_does_not_cost_events(self) -> None:
        collector = self.collector()
        script = """
            record("x")
            sys.exit(0)
        """
        self.run_script(collector, script)
        self.assertEqual(self.users(collector), {"x"})

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_a_forked_child_sends_its_own_events_and_the_parent_its_own(self) -> None:
        collector = self.collector()
        # Python 3.12 and later warn of any fork beside threads; the client has to stand it all the same.
        script = """
            record("sent before")
            client.flush(20)
            record("waiting at the fork")
            child = os.fork()
            if child == 0:
                assert client.stats() == (0, 0, 0, 0, 0, 0, 0), client.stats()
                record("child")
                result = client.flush(20)
                assert (result.sent, result.remaining) == (1, 0), result
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            record("parent")
            assert client.flush(20).sent == 2
        """
        self.run_script(collector, script, PYTHONWARNINGS="ignore::DeprecationWarning")
        self.assertEqual(self.users(collector), {"sent before", "waiting at the fork", "child", "parent"})
        # Nothing is sent twice, and the child does not write into the parent's connection.
        self.assertEqual(len(collector.events), 4)
        child = next(request for request in collector.requests if request.events[0]["user_id"] == "child")
        self.assertEqual([request.connection for request in collector.requests].count(child.connection), 1)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_workers_of_a_preloading_server_flush_at_their_end(self) -> None:
        """As gunicorn --preload does: the client is made before the fork, and workers end by sys.exit()."""
        collector = self.collector()
        script = """
            assert threading.active_count() == 1, "a thread before the fork"
            children = []
            for number in range(3):
                child = os.fork()
                if child == 0:
                    for event in range(10): record(f"{number}-{event}")
                    sys.exit(0)
                children.append(child)
            assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        """
        self.run_script(collector, script)
        self.assertEqual(len(self.users(collector)), 30)
        self.assertEqual(len(collector.events), 30)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_a_fork_while_another_thread_is_sending_does_not_hang_the_child(self) -> None:
        def hang_on_stuck(handler: Handler, received: Received) -> None:
            (hang if received.events[0]["user_id"] == "stuck" else accept)(handler, received)

        collector = self.collector(*[hang_on_stuck] * 10)
        script = """
            record("stuck")
            threading.Thread(target=client.flush, args=(20,), daemon=True).start()
            while client._sender._queue._pending: pass   # the sending thread has it now
            child = os.fork()
            if child == 0:
                record("child")
                result = client.flush(20)
                os._exit(0 if result.remaining == 0 else 3)
            assert os.waitpid(child, 0)[1] == 0
            client.shutdown(0)
            os._exit(0)
        """
        self.run_script(collector, script, PYTHONWARNINGS="ignore::DeprecationWarning")
        self.assertEqual(self.users(collector), {"child"})

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_children_of_multiprocessing_flush_though_they_skip_atexit(self) -> None:
        collector = self.collector()
        script = """
            import multiprocessing
            context = multiprocessing.get_context("fork")
            children = [context.Process(target=record, args=(f"child {n}",)) for n in range(2)]
            for child in children: child.start()
            for child in children: child.join()
            assert [child.exitcode for child in children] == [0, 0]
        """
        self.run_script(collector, script)
        self.assertEqual(self.users(collector), {"child 0", "child 1"})


if __name__ == "__main__":
    unittest.main()
