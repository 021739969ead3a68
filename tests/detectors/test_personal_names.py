import os
from pathlib import Path

from hegui.runners.process import ProcessRunner
from hegui.terms import Findings, TextColumn

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


async def test_names_of_people_come_from_an_attached_model_with_a_kind_of_their_own() -> None:
    environ = {**os.environ, "PYTHONPATH": str(EXAMPLES), "PYTHONDONTWRITEBYTECODE": "1"}
    options = {"names": ["王小明", "Ada Lovelace"]}
    runner = ProcessRunner("names:Names", options, 10_000, environ=environ)
    try:
        card = await runner.start()
        found = await runner.inspect(TextColumn.of(["王小明和王小明", "Ada Lovelace"]))
    finally:
        await runner.close()
    assert {(rule.kind, rule.risk) for rule in card.rules.values()} == {("person_name", "A.4.f")}
    assert isinstance(found, Findings)
    assert found.row == [0, 0, 1]
