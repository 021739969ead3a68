"""The Measures as data: what the law and the standards name, each with its source."""

from hegui.measures.risks import Cover, Risk, RiskGroup, risks

__all__ = ["Cover", "Risk", "RiskGroup", "risks"]
