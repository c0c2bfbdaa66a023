from __future__ import annotations

import random
import unittest
from enum import Enum
from types import SimpleNamespace
from typing import Any, Dict, Tuple
from unittest import mock

import support  # noqa: F401

from promptops import usage_from, usage_from_anthropic, usage_from_gemini, usage_from_openai
from promptops.usage import UsageReader

OPENAI_CHAT: Dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-2024-08-06",
    "service_tier": "default",
    "choices": [],
    "usage": {
        "prompt_tokens": 1200,
        "completion_tokens": 310,
        "total_tokens": 1510,
        "prompt_tokens_details": {"cached_tokens": 900, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 120},
    },
}
OPENAI_RESPONSE: Dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5-mini",
    "service_tier": "flex",
    "usage": {
        "input_tokens": 1200,
        "input_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 64},
        "output_tokens": 310,
        "output_tokens_details": {"reasoning_tokens": 120},
        "total_tokens": 1510,
    },
}
ANTHROPIC_MESSAGE: Dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [],
    "usage": {
        "input_tokens": 231,
        "cache_read_input_tokens": 4096,
        "cache_creation_input_tokens": 768,
        "cache_creation": {"ephemeral_5m_input_tokens": 512, "ephemeral_1h_input_tokens": 256},
        "output_tokens": 141,
        "output_tokens_details": {"thinking_tokens": 40},
        "service_tier": "standard",
    },
}
GEMINI_ANSWER: Dict[str, Any] = {
    "candidates": [],
    "model_version": "gemini-2.5-pro",
    "usage_metadata": {
        "prompt_token_count": 1000,
        "cached_content_token_count": 800,
        "tool_use_prompt_token_count": 50,
        "candidates_token_count": 200,
        "thoughts_token_count": 300,
        "total_token_count": 1550,
    },
}


def as_object(value: Any) -> Any:
    """The same answer as an SDK gives it: attributes all the way down."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: as_object(child) for name, child in value.items()})
    return value


class OpenAiTest(unittest.TestCase):
    def test_chat_completion(self) -> None:
        expected = {
            "input_tokens": 1200,
            "cache_read_tokens": 900,
            "output_tokens": 310,
            "reasoning_tokens": 120,
            "model_name": "gpt-4o-2024-08-06",
            "service_tier": "default",
        }
        for answer in (OPENAI_CHAT, as_object(OPENAI_CHAT)):
            self.assertEqual(usage_from_openai(answer), expected)
            self.assertEqual(usage_from(answer), expected)

    def test_responses(self) -> None:
        expected = {
            "input_tokens": 1200,
            "cache_read_tokens": 900,
            "cache_write_5m_tokens": 64,
            "output_tokens": 310,
            "reasoning_tokens": 120,
            "model_name": "gpt-5-mini",
            "service_tier": "flex",
        }
        for answer in (OPENAI_RESPONSE, as_object(OPENAI_RESPONSE)):
            self.assertEqual(usage_from_openai(answer), expected)
            self.assertEqual(usage_from(answer), expected)
            self.assertEqual(usage_from({"type": "response.completed", "response": answer}), expected)

    def test_embeddings_have_no_output(self) -> None:
        answer = {
            "object": "list",
            "model": "text-embedding-3-small",
            "data": [],
            "usage": {"prompt_tokens": 8, "total_tokens": 8},
        }
        self.assertEqual(usage_from(answer), {"input_tokens": 8, "model_name": "text-embedding-3-small"})

    def test_a_piece_of_a_stream_without_usage_still_has_its_model(self) -> None:
        piece: Dict[str, Any] = {
            "object": "chat.completion.chunk",
            "model": "gpt-4o-mini",
            "service_tier": None,
            "usage": None,
            "choices": [{}],
        }
        for answer in (piece, as_object(piece)):
            self.assertEqual(usage_from(answer), {"model_name": "gpt-4o-mini"})

    def test_details_that_are_missing_are_not_zero(self) -> None:
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": None}
        self.assertEqual(usage_from({"usage": usage}), {"input_tokens": 3, "output_tokens": 4})

    def test_a_known_zero_stays_zero(self) -> None:
        usage = {"prompt_tokens": 3, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 0}}
        self.assertEqual(usage_from({"usage": usage}), {"input_tokens": 3, "output_tokens": 0, "cache_read_tokens": 0})

    def test_compatible_services_with_names_of_their_own(self) -> None:
        deepseek = {
            "prompt_tokens": 100,
            "completion_tokens": 5,
            "prompt_cache_hit_tokens": 64,
            "prompt_cache_miss_tokens": 36,
        }
        self.assertEqual(usage_from({"usage": deepseek})["cache_read_tokens"], 64)
        litellm = {
            "prompt_tokens": 100,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 10, "cache_creation_tokens": 20},
        }
        self.assertEqual(usage_from({"usage": litellm})["cache_write_5m_tokens"], 20)

    def test_reasoning_left_out_of_the_output_is_added_once(self) -> None:
        def output(completion: int, reasoning: int, total: int) -> Any:
            details = {"reasoning_tokens": reasoning}
            usage = {
                "prompt_tokens": 10,
                "completion_tokens": completion,
                "total_tokens": total,
                "completion_tokens_details": details,
            }
            return usage_from({"usage": usage})["output_tokens"]

        self.assertEqual(output(completion=300, reasoning=120, total=310), 300)
        # xAI: the total is the sum of all three.
        self.assertEqual(output(completion=180, reasoning=120, total=310), 300)
        self.assertEqual(output(completion=20, reasoning=120, total=0), 140)


class AnthropicTest(unittest.TestCase):
    def test_a_message_counts_its_cached_input_in(self) -> None:
        expected = {
            "input_tokens": 231 + 4096 + 768,
            "cache_read_tokens": 4096,
            "cache_write_5m_tokens": 512,
            "cache_write_1h_tokens": 256,
            "output_tokens": 141,
            "reasoning_tokens": 40,
            "model_name": "claude-sonnet-4-5-20250929",
            "service_tier": "standard",
        }
        for answer in (ANTHROPIC_MESSAGE, as_object(ANTHROPIC_MESSAGE)):
            self.assertEqual(usage_from_anthropic(answer), expected)
            self.assertEqual(usage_from(answer), expected)

    def test_writes_without_a_lifetime_are_of_5_minutes(self) -> None:
        usage: Dict[str, Any] = {"input_tokens": 1, "cache_creation_input_tokens": 100, "output_tokens": 2}
        self.assertEqual(usage_from_anthropic({"usage": usage})["cache_write_5m_tokens"], 100)
        usage["cache_creation"] = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 30}
        self.assertEqual(
            usage_from_anthropic({"usage": usage}),
            {"input_tokens": 101, "cache_write_5m_tokens": 70, "cache_write_1h_tokens": 30, "output_tokens": 2},
        )
        usage["cache_creation"] = {"ephemeral_1h_input_tokens": 100}
        self.assertEqual(
            usage_from_anthropic({"usage": usage}),
            {"input_tokens": 101, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 100, "output_tokens": 2},
        )

    def test_the_parts_never_exceed_the_input(self) -> None:
        chance = random.Random(5568)
        for _ in range(500):
            usage: Dict[str, Any] = {"output_tokens": chance.randrange(1000), "input_tokens": chance.randrange(1000)}
            if chance.random() < 0.7:
                usage["cache_read_input_tokens"] = chance.choice([0, None, chance.randrange(5000)])
            if chance.random() < 0.7:
                usage["cache_creation_input_tokens"] = chance.choice([0, None, chance.randrange(5000)])
            if chance.random() < 0.7:
                usage["cache_creation"] = {
                    "ephemeral_5m_input_tokens": chance.randrange(2000),
                    "ephemeral_1h_input_tokens": chance.choice([0, chance.randrange(2000)]),
                }
            read = usage_from_anthropic({"type": "message", "usage": usage})
            parts = sum(read.get(f"cache_{kind}_tokens", 0) for kind in ("read", "write_5m", "write_1h"))
            self.assertEqual(read["input_tokens"] - parts, usage["input_tokens"], usage)

    def test_null_cache_counts_are_not_known(self) -> None:
        usage = {
            "input_tokens": 5,
            "output_tokens": 6,
            "cache_read_input_tokens": None,
            "cache_creation_input_tokens": None,
        }
        self.assertEqual(usage_from({"usage": usage}), {"input_tokens": 5, "output_tokens": 6})

    def test_a_stream_tells_it_in_pieces_that_are_never_added(self) -> None:
        start = {
            "type": "message_start",
            "message": {**ANTHROPIC_MESSAGE, "usage": {**ANTHROPIC_MESSAGE["usage"], "output_tokens": 1}},
        }
        delta = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 141}}
        full_delta = {
            "type": "message_delta",
            "usage": {
                "input_tokens": 231,
                "cache_read_input_tokens": 4096,
                "cache_creation_input_tokens": 768,
                "output_tokens": 141,
            },
        }
        for last in (delta, full_delta, as_object(delta), as_object(full_delta)):
            reader = UsageReader()
            fields: Dict[str, Any] = {}
            for piece in (
                start,
                {"type": "content_block_delta", "delta": {"text": "x"}},
                last,
                {"type": "message_stop"},
            ):
                fields.update(reader.read(piece))
            self.assertEqual(fields, usage_from(ANTHROPIC_MESSAGE))


class GeminiTest(unittest.TestCase):
    EXPECTED = {
        "input_tokens": 1050,
        "cache_read_tokens": 800,
        "output_tokens": 500,
        "reasoning_tokens": 300,
        "model_name": "gemini-2.5-pro",
    }

    def test_both_spellings(self) -> None:
        camel = {
            "modelVersion": "gemini-2.5-pro",
            "usageMetadata": {
                "promptTokenCount": 1000,
                "cachedContentTokenCount": 800,
                "toolUsePromptTokenCount": 50,
                "candidatesTokenCount": 200,
                "thoughtsTokenCount": 300,
                "totalTokenCount": 1550,
            },
        }
        for answer in (GEMINI_ANSWER, as_object(GEMINI_ANSWER), camel, as_object(camel)):
            self.assertEqual(usage_from_gemini(answer), self.EXPECTED)
            self.assertEqual(usage_from(answer), self.EXPECTED)

    def test_an_answer_cut_off_while_thinking(self) -> None:
        usage = {"prompt_token_count": 10, "thoughts_token_count": 90, "total_token_count": 100}
        self.assertEqual(
            usage_from({"usage_metadata": usage}), {"input_tokens": 10, "output_tokens": 90, "reasoning_tokens": 90}
        )

    def test_what_is_not_counted_yet_is_not_zero(self) -> None:
        self.assertEqual(
            usage_from({"usage_metadata": {"prompt_token_count": 10, "total_token_count": 10}}), {"input_tokens": 10}
        )

    def test_the_live_api_says_response(self) -> None:
        usage = {
            "prompt_token_count": 10,
            "response_token_count": 5,
            "total_token_count": 15,
            "service_tier": "priority",
        }
        self.assertEqual(
            usage_from({"usage_metadata": usage}), {"input_tokens": 10, "output_tokens": 5, "service_tier": "priority"}
        )


class Tier(str, Enum):
    FLEX = "flex"


class RecognitionTest(unittest.TestCase):
    def test_bare_usage_objects(self) -> None:
        self.assertEqual(usage_from(OPENAI_CHAT["usage"])["input_tokens"], 1200)
        self.assertEqual(usage_from(OPENAI_RESPONSE["usage"])["input_tokens"], 1200)
        self.assertEqual(usage_from(ANTHROPIC_MESSAGE["usage"])["input_tokens"], 5095)
        self.assertEqual(usage_from(GEMINI_ANSWER["usage_metadata"])["input_tokens"], 1050)

    def test_without_any_mark_there_is_no_cache_to_count(self) -> None:
        self.assertEqual(
            usage_from({"usage": {"input_tokens": 5, "output_tokens": 6}}), {"input_tokens": 5, "output_tokens": 6}
        )

    def test_strangers_are_not_recognised(self) -> None:
        strangers: Tuple[Any, ...] = (
            None,
            5,
            "text",
            b"x",
            [],
            [OPENAI_CHAT],
            {},
            object(),
            {"usage": None},
            {"usage": "much"},
            {"model": "T"},
        )
        for stranger in (*strangers, SimpleNamespace(model="Corolla", type="car"), {"usage": {"prompt_tokens": True}}):
            for read in (usage_from, usage_from_openai, usage_from_anthropic, usage_from_gemini):
                self.assertEqual(read(stranger), {}, stranger)

    def test_mocks_are_not_mistaken(self) -> None:
        for made in (
            mock.Mock(),
            mock.MagicMock(),
            mock.AsyncMock(),
            mock.MagicMock(spec=dict),
            mock.MagicMock(spec=int),
        ):
            self.assertEqual(usage_from(made), {})
        partly = mock.MagicMock()
        partly.usage.prompt_tokens = 11
        partly.model = "gpt-4o"
        self.assertEqual(usage_from(partly), {"input_tokens": 11, "model_name": "gpt-4o"})
        partly = mock.MagicMock()
        partly.usage_metadata.prompt_token_count = 12
        self.assertEqual(usage_from(partly), {"input_tokens": 12})

    def test_properties_that_raise_are_absent(self) -> None:
        class Closed:
            @property
            def usage(self) -> object:
                raise RuntimeError("the response is closed")

        self.assertEqual(usage_from(Closed()), {})

    def test_objects_that_only_dump(self) -> None:
        class Dumps:
            __slots__ = ()

            def model_dump(self) -> Dict[str, Any]:
                return OPENAI_CHAT

        class Converts:
            __slots__ = ()

            def model_dump(self, mode: str) -> None:
                raise AssertionError

            def to_dict(self) -> Dict[str, Any]:
                return ANTHROPIC_MESSAGE

        self.assertEqual(usage_from(Dumps()), usage_from(OPENAI_CHAT))
        self.assertEqual(usage_from(Converts()), usage_from(ANTHROPIC_MESSAGE))

    def test_models_with_fields_are_never_dumped(self) -> None:
        class Domain:
            model_fields = {"title": None}
            __pydantic_extra__ = None

            def model_dump(self) -> Dict[str, Any]:
                raise AssertionError("expensive")

        self.assertEqual(usage_from(Domain()), {})

    def test_fields_beyond_a_models_own_are_found(self) -> None:
        class Answer:
            model_fields = {"id": None}

            def __init__(self) -> None:
                self.__pydantic_extra__ = {"usage": {"prompt_tokens": 7}}

        self.assertEqual(usage_from(Answer()), {"input_tokens": 7})

    def test_enums_are_read_by_their_value(self) -> None:
        self.assertEqual(usage_from({**OPENAI_CHAT, "service_tier": Tier.FLEX})["service_tier"], "flex")


if __name__ == "__main__":
    unittest.main()
