"""Assessment results and plan of action, from a board of statuses.

``satisfied`` means *evidenced* or *attested* as of the board's moment, by its catalogue, profile
and checkpoint: never that a provider complies.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from hegui.measures.catalogue import Catalogue
from hegui.measures.duties import Duty
from hegui.measures.oscal.catalogue import objective_of
from hegui.measures.oscal.pieces import Stamp, both, metadata, paragraphs, prop, uuid_of
from hegui.terms import Words

SATISFIED: Final = ("evidenced", "attested")
LEFT_OUT: Final = "not-applicable"


class Citation(Protocol):
    """A record that a status rests on: its place in the ledger and its leaf's hash, if known."""

    @property
    def index(self) -> int:
        """Its index in the ledger."""

    @property
    def leaf(self) -> str:
        """The hash of its leaf (RFC 6962), in hexadecimal; empty when it is not known."""

    @property
    def kind(self) -> str:
        """Its kind."""


class Standing(Protocol):
    """The status of one duty."""

    @property
    def duty(self) -> str:
        """The duty's id."""

    @property
    def state(self) -> str:
        """The state: ``not evidenced``, ``not-evidenced`` and ``not_evidenced`` are the same."""

    @property
    def why(self) -> Words:
        """Why it is so."""

    @property
    def citations(self) -> Sequence[Citation]:
        """The records that it rests on."""


class Board(Protocol):
    """A status of every duty, and the four things that it follows from."""

    @property
    def catalogue(self) -> str:
        """The catalogue's digest."""

    @property
    def profile(self) -> str:
        """The profile's digest."""

    @property
    def checkpoint(self) -> str:
        """The checkpoint's origin, size and root, on one line."""

    @property
    def as_of(self) -> str:
        """The moment that it speaks of, RFC 3339."""

    @property
    def standings(self) -> Sequence[Standing]:
        """The statuses, in the catalogue's order."""


def state_of(one: Standing) -> str:
    """Return a state as a token of OSCAL."""
    return one.state.replace(" ", "-").replace("_", "-")


def is_open(one: Standing) -> bool:
    """Tell whether a status leaves something to do: then it belongs into the plan of action."""
    return state_of(one) not in (*SATISFIED, LEFT_OUT)


def results_document(catalogue: Catalogue, board: Board, stamp: Stamp) -> dict[str, Any]:
    """Return the board as assessment results."""
    rows = list(_rows(catalogue, board))
    judged = [(duty, one) for duty, one in rows if state_of(one) != LEFT_OUT]
    out = [duty.id for duty, one in rows if state_of(one) == LEFT_OUT]
    selection: dict[str, Any] = {"include-all": {}}
    if out:
        selection["exclude-controls"] = [{"control-id": one} for one in out]
    plan = uuid_of("no-plan")
    return {
        "assessment-results": {
            "uuid": _of_board("results", board, stamp),
            "metadata": metadata(_RESULTS, stamp, _bases(board)),
            "import-ap": {"href": f"#{plan}"},
            "results": [
                {
                    "uuid": _of_board("result", board, stamp),
                    "title": both(_RESULTS),
                    "description": paragraphs(_MEANS),
                    "start": board.as_of,
                    "end": board.as_of,
                    "reviewed-controls": {"control-selections": [selection]},
                    "observations": [_observation(duty, one, board) for duty, one in judged],
                    "findings": [_finding(duty, one, board) for duty, one in judged],
                }
            ],
            "back-matter": {
                "resources": [
                    {"uuid": plan, "title": both(_PLAN), "description": paragraphs(_NO_PLAN)}
                ]
            },
        }
    }


def plan_document(catalogue: Catalogue, board: Board, stamp: Stamp) -> dict[str, Any]:
    """Return what is open as a plan of action: an item per duty that is not satisfied.

    Raises ``ValueError`` when nothing is open: OSCAL has no empty plan.
    """
    rows = [(duty, one) for duty, one in _rows(catalogue, board) if is_open(one)]
    if not rows:
        message = "no duty is open"
        raise ValueError(message)
    return {
        "plan-of-action-and-milestones": {
            "uuid": _of_board("plan", board, stamp),
            "metadata": metadata(_PLAN_OF_ACTION, stamp, _bases(board)),
            "system-id": {
                "identifier-type": "http://ietf.org/rfc/rfc4122",
                "id": uuid_of("system", board.checkpoint.split(" ", 1)[0]),
            },
            "observations": [_observation(duty, one, board) for duty, one in rows],
            "findings": [_finding(duty, one, board) for duty, one in rows],
            "poam-items": [
                {
                    "uuid": uuid_of("item", duty.id, board.as_of, board.checkpoint),
                    "title": both(duty.title),
                    "description": paragraphs(one.why, duty.said(_numbers(catalogue))),
                    "props": [
                        prop("duty", duty.id),
                        prop("state", state_of(one)),
                        prop("owner", duty.owner.id),
                        prop("effort-minutes", str(duty.effort_minutes)),
                        *([prop("command", duty.command)] if duty.command else []),
                    ],
                    "related-findings": [{"finding-uuid": _uuid("finding", duty, board)}],
                }
                for duty, one in rows
            ],
        }
    }


def _rows(catalogue: Catalogue, board: Board) -> Iterable[tuple[Duty, Standing]]:
    for one in board.standings:
        duty = catalogue.duties[one.duty]
        if duty.binds_provider:
            yield duty, one


def _numbers(catalogue: Catalogue) -> dict[str, int]:
    return {name: one.value for name, one in catalogue.parameters.items()}


def _uuid(what: str, duty: Duty, board: Board) -> str:
    return uuid_of(what, duty.id, board.as_of, board.checkpoint, board.catalogue, board.profile)


def _of_board(what: str, board: Board, stamp: Stamp) -> str:
    bases = (board.catalogue, board.profile, board.checkpoint, board.as_of)
    return uuid_of(what, *bases, stamp.when, stamp.version)


def _bases(board: Board) -> list[dict[str, str]]:
    return [
        prop("catalogue-digest", board.catalogue),
        prop("profile-digest", board.profile),
        prop("checkpoint", board.checkpoint),
        prop("as-of", board.as_of),
    ]


def _observation(duty: Duty, one: Standing, board: Board) -> dict[str, Any]:
    cited = [
        {
            "href": f"urn:hegui:ledger:{citation.index}",
            "description": f"{citation.kind} #{citation.index}",
            "props": [
                prop("index", str(citation.index)),
                *([prop("leaf-hash", citation.leaf)] if citation.leaf else []),
                prop("kind", citation.kind),
            ],
        }
        for citation in one.citations
    ]
    return {
        "uuid": _uuid("observation", duty, board),
        "description": paragraphs(one.why),
        "methods": ["EXAMINE"],
        "types": ["control-objective"],
        **({"relevant-evidence": cited} if cited else {}),
        "collected": board.as_of,
    }


def _finding(duty: Duty, one: Standing, board: Board) -> dict[str, Any]:
    good = state_of(one) in SATISFIED
    reason = "pass" if state_of(one) == "evidenced" else ("other" if good else "fail")
    if state_of(one) == "could-not-tell":
        reason = "other"
    return {
        "uuid": _uuid("finding", duty, board),
        "title": both(duty.title),
        "description": paragraphs(one.why),
        "props": [prop("state", state_of(one))],
        "target": {
            "type": "objective-id",
            "target-id": objective_of(duty),
            "status": {
                "state": "satisfied" if good else "not-satisfied",
                "reason": reason,
                "remarks": state_of(one),
            },
        },
        "related-observations": [{"observation-uuid": _uuid("observation", duty, board)}],
    }


_RESULTS: Final = Words("Status of the duties, from the ledger", "义务状态（依据账本）")
_MEANS: Final = Words(
    "Satisfied: evidenced by records or attested by a person, at the moment named, by the "
    "catalogue, profile and checkpoint named. It does not say that the provider complies.",
    "satisfied 表示在所述时点，依所述目录、方案和检查点，有记录为证据或者有人员声明；"
    "不表示提供者合规。",
)
_PLAN: Final = Words("How statuses are computed", "状态的计算方式")
_NO_PLAN: Final = Words(
    "There is no assessment plan apart: the catalogue names the queries, and hegui computes the "
    "status from the ledger.",
    "没有单独的评估计划：查询由目录规定，状态由 hegui 依据账本计算。",
)
_PLAN_OF_ACTION: Final = Words("Open duties", "待办义务")
