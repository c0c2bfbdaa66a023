from __future__ import annotations

import asyncio
import unittest

from support import PATIENCE, ClientTest, accept, hang, llm_call

from promptops import ClientConfig, FlushResult, PromptOpsClient


class AsyncioTest(ClientTest):
    def test_leaving_the_async_with_block_shuts_down(self) -> None:
        collector = self.collector()

        async def main() -> None:
            async with PromptOpsClient(ClientConfig(base_url=collector.url, api_key="k")) as client:
                await asyncio.gather(*(self.call(client) for _ in range(50)))

        asyncio.run(main())
        self.assertEqual(len(collector.stored), 50)

    async def call(self, client: PromptOpsClient) -> None:
        async with client.track(model_provider="openai", model_name="gpt-4o"):
            await asyncio.sleep(0)

    def test_flushing_does_not_hold_up_the_event_loop(self) -> None:
        collector = self.collector(hang)
        client = self.client(collector, request_timeout=600)

        async def main() -> FlushResult:
            client.record(llm_call())
            flushing = asyncio.ensure_future(client.aflush(PATIENCE))
            # The loop goes on while the collector does not answer; only then it does.
            await asyncio.get_running_loop().run_in_executor(None, collector.wait_for_requests, 1)
            self.assertFalse(flushing.done())
            collector.script.append(accept)
            collector.released.set()
            return await flushing

        self.assertEqual(asyncio.run(main()), FlushResult(1, 0, 0, 0))

    def test_ashutdown(self) -> None:
        collector = self.collector()
        client = self.client(collector)

        async def main() -> FlushResult:
            client.record(llm_call())
            return await client.ashutdown(PATIENCE)

        self.assertEqual(asyncio.run(main()).sent, 1)
        self.assertFalse(client.record(llm_call()))


if __name__ == "__main__":
    unittest.main()
