from hegui.app.enforced import uncovered
from hegui.measures import risks
from hegui.runners.compiling import builtin
from hegui.screen.panel import Panel


def test_every_risk_has_a_detector_or_is_visibly_uncovered() -> None:
    panel = Panel([builtin()])
    gaps = {risk.id for risk in uncovered(panel)}
    assert gaps.isdisjoint(panel.covers())
    assert gaps | panel.covers() == set(risks())


def test_detectors_speak_only_of_risks_of_the_standard() -> None:
    for detector in builtin():
        assert detector.card.risks <= set(risks())


def test_what_only_the_provider_can_attach_is_not_shipped() -> None:
    provider = {risk.id for risk in risks().values() if risk.cover == "provider"}
    assert provider == {"A.1.a", "A.1.b", "A.1.c"}
    assert provider.isdisjoint(Panel([builtin()]).covers())
