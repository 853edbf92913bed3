from perftui.tui.messages import ExplainAsked, ProposalChosen
from perftui.tui.widgets.proposals import Proposals
from tests.tui.fixtures import build_update
from tests.tui.screening import Stage


async def test_enter_asks_to_apply_what_can_be_applied() -> None:
    app = Stage(Proposals())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        assert "1 can be applied" in app.texts()[0]
        await pilot.press("enter", "j", "enter", "j", "enter")
        chosen = [message.proposal.knob for message in app.heard if isinstance(message, ProposalChosen)]
        assert chosen == ["process.nice"]


async def test_a_proposal_can_be_explained() -> None:
    app = Stage(Proposals())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        await pilot.press("e", "G", "e")
        asked = [message.rule_id for message in app.heard if isinstance(message, ExplainAsked)]
        assert asked == ["process.nice", "coord-gil"]


async def test_nothing_to_propose_is_said() -> None:
    app = Stage(Proposals())
    async with app.run_test(size=(60, 5)) as pilot:
        app.show(build_update(limited=False))
        assert app.line_with("nothing to propose")
        await pilot.press("enter", "e")
        assert app.heard == []
