from hegui.ledger.kinds import all_kinds
from hegui.measures import catalogue, facts, risks, text
from hegui.settings.duties import FACTS, MODALITIES, Duties
from hegui.settings.fields import keys_of


def test_records_name_duties_that_exist() -> None:
    for kind in all_kinds():
        for duty in kind.duties:
            assert duty in catalogue().duties, (kind.name, duty)
            binding = catalogue().duties[duty]
            assert binding.binds_provider or duty == "a22-2", (kind.name, duty)


def test_classes_of_risks_name_items_of_article_4() -> None:
    for risk in risks().values():
        assert risk.group.article in text().clauses


def test_the_settings_ask_for_the_facts_that_conditions_use() -> None:
    asked = {"public", "minors", *FACTS}
    assert set(facts.ASKED) == asked
    assert set(FACTS) <= {key.name for key in keys_of(Duties)}
    assert facts.MODALITIES == MODALITIES
    used = {name for duty in catalogue().duties.values() for name in duty.applies.terms}
    assert used == asked
