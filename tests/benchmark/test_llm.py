"""A language model in the seat: calls, retries, accounts and transcript, over real HTTP with the official client."""

import json
from types import SimpleNamespace

import jsonschema
import openai
import pytest

from delivery_api.stages import STAGES
from delivery_benchmark.plane.trial import Desk
from delivery_benchmark.scenarios import load
from delivery_benchmark.seats.llm import LanguageModel, Settings, fitting, of_run
from delivery_benchmark.seats.toolbox import TOOLS, functions, reply_schema
from delivery_benchmark.tools import Tools
from tests.benchmark.endpoint import calls, cluster, says, speaking

CLAIM = {"type": "Metric", "subject": "gain", "value": "0.5"}
REFUSE = {"reason": "Consent", "text": "The parents have not agreed."}


@pytest.fixture(name="tools")
def _tools():
    with cluster() as (api, seen):
        desk = Desk(SimpleNamespace(api=api), "trial-1", load("school-no-consent"), "Be quick.")
        desk.agent = api
        kept = []
        made = Tools(desk, kept.append)
        made.kept, made.seen = kept, seen
        yield made


def seat(endpoint, **settings):
    return LanguageModel(Settings(endpoint=endpoint.url, model="m", **settings))


def test_a_model_reads_writes_and_refuses_by_calling_tools(tools):
    patch = {"name": "order", "merge_patch": {"spec": {"intake": {"fields": {"target": "topic"}}}}}
    replies = [
        calls(("read_ticket", {})),
        calls(("list_files", {}), ("read_file", {"name": "rule.md"})),
        calls(("patch", patch)),
    ]
    with speaking(*replies, calls(("refuse", REFUSE), ("read_ticket", {}))) as endpoint:
        spent = seat(endpoint).act(tools, 3)
    assert [one.tool for one in tools.calls] == ["read_ticket", "list_files", "read_file", "patch", "refuse"]
    assert tools.refused == REFUSE and spent.ended == "refused"
    assert tools.seen[0]["body"] == patch["merge_patch"]
    last = endpoint.asked[-1]["messages"]
    assert [one["role"] for one in last] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "tool",
    ]
    assert last[3]["content"].endswith("Be quick.") and last[3]["tool_call_id"] == "call-0"
    assert endpoint.asked[0]["seed"] == 3 and endpoint.asked[0]["temperature"] == 0.0


def test_a_card_that_was_handed_over_ends_the_trial(tools):
    with speaking(calls(("submit_card", {"claims": [CLAIM]}))) as endpoint:
        assert seat(endpoint).act(tools, 1).ended == "done"
    assert tools.claims == [CLAIM]
    assert tools.seen[-1]["body"] == {"spec": {"card": {"claims": [CLAIM]}}}


def test_tokens_and_money_are_those_that_the_endpoint_counted(tools):
    replies = [calls(("read_ticket", {}), usage=(1000, 50)), calls(("list_files", {}), usage=None)]
    with speaking(*replies, calls(("refuse", REFUSE), usage=(3000, 10))) as endpoint:
        spent = seat(endpoint, prompt_price=2.0, completion_price=10.0).act(tools, 1)
    assert spent.tokens == {"prompt": 4000, "completion": 60}
    assert spent.money == pytest.approx((4000 * 2 + 60 * 10) / 1e6)
    assert spent.uncounted == 1


@pytest.mark.parametrize("fault", [429, 500, 503, "drop"])
def test_a_busy_endpoint_is_asked_again_and_the_failed_request_is_not_counted(tools, fault):
    with speaking(fault, calls(("refuse", REFUSE))) as endpoint:
        spent = seat(endpoint, retries=2).act(tools, 1)
    assert len(endpoint.asked) == 2 and spent.tokens == {"prompt": 100, "completion": 20}


def test_an_endpoint_that_stays_away_is_a_fault_of_the_harness_and_no_score(tools):
    with speaking(503) as endpoint, pytest.raises(openai.InternalServerError):
        seat(endpoint, retries=1).act(tools, 1)
    assert len(endpoint.asked) == 2


def test_a_call_that_does_not_fit_is_answered_with_what_is_wrong_and_nothing_is_done(tools):
    wrong = [
        ("patch", '{"name": "order"}'),
        ("fly", {}),
        ("read_file", "{not json"),
        ("read_file", {"name": "x", "offset": -1}),
    ]
    with speaking(calls(*wrong), calls(("refuse", REFUSE))) as endpoint:
        seat(endpoint).act(tools, 1)
    answers = [one["content"] for one in endpoint.asked[-1]["messages"] if one["role"] == "tool"]
    assert answers[0] == "patch(merge_patch): Field required"
    assert answers[1].startswith("There is no tool fly; there are read_ticket")
    assert answers[2].startswith("read_file: Invalid JSON") and answers[3].startswith("read_file(offset)")
    assert [one.tool for one in tools.calls] == ["refuse"]


def test_a_refusal_for_a_reason_that_there_is_not_does_not_end_the_trial(tools):
    with speaking(calls(("refuse", {"reason": "Mood", "text": "no"})), calls(("refuse", REFUSE))) as endpoint:
        assert seat(endpoint).act(tools, 1).ended == "refused"
    assert len(endpoint.asked) == 2


def test_who_only_talks_is_asked_to_act_and_then_taken_to_have_left(tools):
    with speaking(says("I am thinking about it.")) as endpoint:
        spent = seat(endpoint).act(tools, 1)
    assert spent.ended == "done" and len(endpoint.asked) == 3
    assert "Call a tool" in endpoint.asked[1]["messages"][-1]["content"]


def test_a_trial_ends_after_the_last_turn(tools):
    with speaking(calls(("dashboard", {"x": 1}))) as endpoint:
        assert seat(endpoint, most_turns=4).act(tools, 1).ended == "turns"
    assert len(endpoint.asked) == 4


def test_a_model_without_tools_calls_in_json_held_to_a_schema(tools):
    replies = ['{"tool": "read_ticket", "arguments": {}}', "no json", json.dumps({"tool": "refuse", "arguments": REFUSE})]
    with speaking(*map(says, replies)) as endpoint:
        spent = seat(endpoint, dialect="json").act(tools, 1)
    assert spent.ended == "refused" and [one.tool for one in tools.calls] == ["read_ticket", "refuse"]
    asked = endpoint.asked[0]
    assert "tools" not in asked and "read_file(name, offset)" in asked["messages"][0]["content"]
    held = asked["response_format"]["json_schema"]["schema"]
    jsonschema.validate({"tool": "refuse", "arguments": REFUSE}, held)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"tool": "fly", "arguments": {}}, held)


def test_what_the_model_says_is_in_the_transcript_beside_its_calls(tools):
    with speaking(calls(("read_ticket", {}), text="The approver decides."), calls(("refuse", REFUSE))) as endpoint:
        seat(endpoint).act(tools, 1)
    assert [one.tool for one in tools.kept] == ["system", "says", "read_ticket", "says", "refuse"]
    assert tools.kept[1].result == "The approver decides."
    assert tools.kept[1].arguments == {"calls": ["read_ticket"], "prompt": 100, "completion": 20}


def test_a_conversation_that_the_endpoint_finds_too_long_is_cut(tools):
    long = {"error": {"message": "This model's maximum context length is 100 tokens", "type": "invalid_request_error"}}
    replies = [calls(("read_ticket", {})), calls(("list_files", {})), calls(("read_ticket", {})), long, long]
    with speaking(*replies, calls(("refuse", REFUSE))) as endpoint:
        assert seat(endpoint, context_characters=6000).act(tools, 1).ended == "refused"
    first, last = endpoint.asked[3]["messages"], endpoint.asked[-1]["messages"]
    assert len(last) < len(first)
    assert last[:2] == first[:2] and last[2]["role"] == "assistant"


def test_another_mistake_of_the_request_is_raised(tools):
    with speaking({"error": {"message": "no such model"}}) as endpoint, pytest.raises(openai.BadRequestError):
        seat(endpoint).act(tools, 1)


def test_no_answer_is_ever_sent_without_its_call():
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    for place in range(20):
        talk += [{"role": "assistant", "content": f"c{place}"}, {"role": "tool", "content": "x" * 100}]
    for characters in range(0, 4000, 50):
        kept = fitting(talk, characters)
        assert kept[:2] == talk[:2] and kept[2]["role"] == "assistant" and kept[-1] == talk[-1]
        assert kept[2:] == talk[len(talk) - len(kept) + 2 :]


def test_a_run_that_names_a_model_has_the_seat_and_a_wrong_setting_is_named():
    assert of_run(None, None, {}) == {}
    assert set(of_run("http://127.0.0.1:1/v1", "m", {"dialect": "json", "mostTurns": 3})) == {"llm"}
    with pytest.raises(ValueError, match="mostTurns of the seat llm"):
        of_run("http://127.0.0.1:1/v1", "m", {"mostTurns": 0})
    with pytest.raises(ValueError, match="model of the seat llm"):
        of_run("http://127.0.0.1:1/v1", None, {})


def test_every_tool_is_told_of_and_every_one_of_them_exists(tools):
    assert [one["function"]["name"] for one in functions()] == list(TOOLS)
    assert len(reply_schema()["anyOf"]) == len(TOOLS)
    assert all(callable(getattr(tools, name)) for name in TOOLS)
    text = json.dumps(functions())
    assert "$ref" not in text and all(f'"{stage}"' in text for stage in STAGES)


def test_a_long_answer_is_shown_in_part_and_kept_whole(tools):
    tools.desk = Desk(tools.desk.plane, "trial-1", load("intent-clean"), "word " * 4000)
    tools.desk.agent = tools.desk.plane.api
    with speaking(calls(("read_ticket", {})), calls(("refuse", REFUSE))) as endpoint:
        seat(endpoint).act(tools, 1)
    assert endpoint.asked[-1]["messages"][3]["content"].endswith("characters more]")
    assert len(tools.calls[0].result) > 20_000
