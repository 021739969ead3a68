"""The Measures as data: what the law and the standards name, each with its source."""

from hegui.measures.parameters import Parameter, parameters
from hegui.measures.risks import Cover, Risk, RiskGroup, risks

__all__ = ["Cover", "Parameter", "Risk", "RiskGroup", "parameters", "risks"]
