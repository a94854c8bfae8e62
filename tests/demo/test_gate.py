"""The command that is run is the command that was printed."""

import pytest

from delivery_api.stages import Stage
from demo.gate import printed_command
from demo.narrator import DemoError
from tests.demo.worlds import REQUEST, delivery


@pytest.mark.parametrize(
    "message",
    [
        f"Passed its audit. To ship exactly this: kubectl annotate delivery support-router ptaas.dev/approve={REQUEST}",
        f"Run `kubectl annotate -n acme delivery support-router ptaas.dev/approve={REQUEST}` to ship it.",
    ],
)
def test_the_printed_command_is_taken_as_it_is(message: str) -> None:
    words = printed_command(delivery({Stage.DEPLOY: ("Unknown", "AwaitingApproval", message)}))
    assert words[0] == "annotate" and words.count("-n") == 1
    assert f"ptaas.dev/approve={REQUEST}" in words


def test_a_message_without_a_command_is_an_error() -> None:
    """The demo must not make up a command that a user would not have been shown."""
    with pytest.raises(DemoError, match="prints no kubectl annotate"):
        printed_command(delivery({Stage.DEPLOY: ("Unknown", "AwaitingApproval", "Please approve")}))
