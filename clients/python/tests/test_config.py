from __future__ import annotations

import math
import os
import unittest
from typing import Any
from unittest import mock

import support  # noqa: F401

from promptops import ClientConfig, PromptOpsClient


def config(**telemetry: Any) -> ClientConfig:
    return ClientConfig(base_url="https://collector.example", api_key="po_key", telemetry=telemetry)  # type: ignore[arg-type]


class ConfigTest(unittest.TestCase):
    def test_defaults(self) -> None:
        settings = config().settings
        self.assertEqual(settings.endpoint, "https://collector.example/v1/client/usage/log")
        self.assertEqual((settings.batch_size, settings.flush_interval, settings.max_queue_size), (100, 30.0, 10_000))
        self.assertTrue(settings.enabled)
        self.assertFalse(settings.serverless)
        self.assertTrue(settings.gzip)

    def test_the_endpoint_is_a_path_below_base_url_or_an_url_of_its_own(self) -> None:
        below = ClientConfig(base_url="https://host/promptops/", api_key="k", telemetry={"endpoint": "/log"})
        self.assertEqual(below.settings.endpoint, "https://host/promptops/log")
        own = ClientConfig(api_key="k", telemetry={"endpoint": "http://other:8080/log"})
        self.assertEqual(own.settings.endpoint, "http://other:8080/log")

    def test_the_environment_fills_in_what_is_not_given(self) -> None:
        with mock.patch.dict(os.environ, {"PROMPTOPS_BASE_URL": "http://env:1", "PROMPTOPS_API_KEY": "from_env"}):
            self.assertEqual(ClientConfig().settings.endpoint, "http://env:1/v1/client/usage/log")
            self.assertEqual(ClientConfig().settings.api_key, "from_env")
            self.assertEqual(ClientConfig(api_key="given").settings.api_key, "given")

    def test_all_mistakes_are_told_in_one_error(self) -> None:
        with mock.patch.dict(os.environ, clear=True), self.assertRaises(ValueError) as caught:
            ClientConfig(
                base_url="ftp://host",
                telemetry={"flush_intervall": 5, "batch_size": "100", "gzip": 1, "request_timeout": -1},  # type: ignore[arg-type]
                defaults={"projekt_id": "x"},
                on_drop="no function",  # type: ignore[arg-type]
            )
        message = str(caught.exception)
        for part in (
            "base_url must be an http:// or https:// URL, not 'ftp://host'",
            "api_key is missing; give it, or set PROMPTOPS_API_KEY",
            "telemetry.flush_intervall is not a setting (did you mean flush_interval?)",
            "telemetry.batch_size must be a whole number from 1 to 10000, not '100'",
            "telemetry.gzip must be True or False, not 1",
            "telemetry.request_timeout must be a number of seconds above 0",
            "defaults.projekt_id is not a field of an event (did you mean project_id?)",
            "on_drop must be callable",
        ):
            self.assertIn(part, message)

    def test_single_mistakes(self) -> None:
        for telemetry in (
            {"batch_size": True},
            {"batch_size": 0},
            {"batch_size": 50, "max_queue_size": 10},
            {"flush_interval": math.nan},
            {"flush_interval": math.inf},
            {"flush_interval": None},
            {"retry_budget": 0},
            {"endpoint": "relative"},
            {"endpoint": "https://user:secret@host/"},
            {"endpoint": "https://host/a b"},
            {"endpoint": "https://host:port/"},
            {"ca_file": 3},
            {"enabled": "yes"},
        ):
            with self.subTest(telemetry=telemetry), self.assertRaises(ValueError):
                config(**telemetry)
        for no_mapping in ([1], {1: 2}, "gzip"):
            with self.subTest(telemetry=no_mapping), self.assertRaises(ValueError):
                ClientConfig(base_url="https://host", api_key="k", telemetry=no_mapping)  # type: ignore[arg-type]

    def test_a_retry_budget_of_none_is_no_limit(self) -> None:
        self.assertEqual(config(retry_budget=None).settings.retry_budget, math.inf)

    def test_the_key_is_never_shown(self) -> None:
        self.assertNotIn("po_key", repr(config()))
        with self.assertRaises(ValueError) as caught:
            ClientConfig(base_url="https://host", api_key="po_se\ncret")
        self.assertNotIn("cret", str(caught.exception))

    def test_a_disabled_client_needs_nothing_and_does_nothing(self) -> None:
        with mock.patch.dict(os.environ, clear=True):
            client = PromptOpsClient(ClientConfig(telemetry={"enabled": False}))
        self.assertFalse(client.record(model_name="gpt-4o"))
        with client.track(model_name="gpt-4o") as call:
            call.usage({"usage": {"prompt_tokens": 1}})
        self.assertEqual(client.initialize().flush(1), (0, 0, 0, 0))
        self.assertEqual(sum(client.stats()), 0)
        client.shutdown()


if __name__ == "__main__":
    unittest.main()
