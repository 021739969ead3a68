"""What the gateway counts, for Prometheus. No content, no subject, no key is a label."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hegui.gateway.tallies import Counts, Seconds, WholeNumbers
from hegui.screen.window import Tally

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Metrics:
    """The counters of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counts(
            "hegui_requests", "Requests by path and status", ["path", "status"]
        )
        self._verdicts = self._counts(
            "hegui_verdicts", "Verdicts by side and action", ["side", "action"]
        )
        self._findings = self._counts(
            "hegui_findings",
            "Findings by side, risk, and the action of the verdict they are part of",
            ["side", "risk", "action"],
        )
        self._faults = self._counts("hegui_faults", "Detector faults", ["detector"])
        self._ends = self._counts("hegui_exchanges", "Exchanges by how they ended", ["end"])
        self._open = Gauge("hegui_exchanges_open", "Exchanges under way", registry=self.registry)
        self._held = WholeNumbers(
            "hegui_held_characters",
            "Characters held back when a chunk had been screened",
            (0, 1, 2, 4, 8, 16, 32, 64, 256),
        )
        self.registry.register(self._held)
        self._screening = self._histogram(
            "hegui_prompt_screening_seconds", "Time to judge a request"
        )
        self._durable = self._histogram("hegui_record_seconds", "Time until a record was durable")
        self._added = self._histogram(
            "hegui_added_seconds",
            "Time from a request to the first byte of its reply, less the time the model took",
        )
        self._count_rules()
        self._lag = Gauge(
            "hegui_ledger_lag", "Records that wait to be durable", registry=self.registry
        )
        self._count_what_is_attached()
        self._count_labels()

    def _count_labels(self) -> None:
        self._label_files = self._counts(
            "hegui_label_files",
            "Files brought to /label (page) and /label/inspect (inspect), by what was told",
            ["door", "told"],
        )
        self._label_killed = Gauge(
            "hegui_label_readers_killed",
            "Processes reading labels that were killed or died, since the start",
            registry=self.registry,
        )

    def _count_what_is_attached(self) -> None:
        self._media = self._counts(
            "hegui_media_items",
            "Pictures and speeches by medium and what became of them",
            ["medium", "result"],
        )
        self._shelf = Gauge(
            "hegui_shelf_bytes",
            "Bytes of labelled media that are kept under addresses, looked at every minute",
            registry=self.registry,
        )
        self._guards = Counter(
            "hegui_guard_requests",
            "Requests to guard models by how they ended",
            ["detector", "outcome"],
            registry=self.registry,
        )
        self._guard_seconds = Histogram(
            "hegui_guard_seconds",
            "Time a request to a guard model took, waiting included",
            ["detector"],
            buckets=(*_SECONDS, 2.0, 5.0),
            registry=self.registry,
        )

    def _count_rules(self) -> None:
        self._reloads = Counter(
            "hegui_pack_reloads",
            "Changes of the rule packs, by whether they were taken over",
            ["result"],
            registry=self.registry,
        )
        self._stale = Gauge(
            "hegui_packs_stale",
            "1 while a rule pack on disk is broken and the rules before it go on",
            registry=self.registry,
        )

    def _counts(self, name: str, says: str, labels: list[str]) -> Counts:
        made = Counts(name, says, labels)
        self.registry.register(made)
        return made

    def _histogram(self, name: str, says: str) -> Seconds:
        made = Seconds(name, says, _SECONDS)
        self.registry.register(made)
        return made

    def requested(self, path: str, status: int) -> None:
        """Count a request that was answered."""
        self._requests.count(path, str(status))

    def judged(self, side: str, tally: Tally) -> None:
        """Count a verdict, its findings and its faults."""
        action = tally.action.name.lower()
        self._verdicts.count(side, action)
        for finding in tally.findings:
            self._findings.count(side, finding.risk, action)
        for fault in tally.faults:
            self._faults.count(fault.detector)

    def guarded(self, detector: str, outcome: str, seconds: float) -> None:
        """Count a request to a guard model: clean, found, refusal, or the word of its fault."""
        self._guards.labels(detector, outcome).inc()
        self._guard_seconds.labels(detector).observe(seconds)

    def ended(self, end: str) -> None:
        """Count how an exchange ended."""
        self._ends.count(end)

    def item(self, medium: str, result: str) -> None:
        """Count a picture or speech: labelled, streamed, cut or withheld; a file: not_fetched."""
        self._media.count(medium, result)

    def shelved(self, size: int) -> None:
        """Note how many bytes are kept under addresses."""
        self._shelf.set(size)

    def screened(self, seconds: float) -> None:
        """Note how long it took to judge a request."""
        self._screening.observe(seconds)

    def durable(self, seconds: float) -> None:
        """Note how long a record took."""
        self._durable.observe(seconds)

    def held(self, characters: int) -> None:
        """Note how much a stream holds back."""
        self._held.observe(characters)

    def added(self, seconds: float) -> None:
        """Note what hegui itself added before the first byte of a reply."""
        self._added.observe(seconds)

    def reloaded(self, *, taken: bool) -> None:
        """Count a change of the rule packs, and note whether the packs on disk are those in use."""
        self._reloads.labels("taken" if taken else "broken").inc()
        self._stale.set(0 if taken else 1)

    def label_read(self, door: str, told: str) -> None:
        """Count a file that was read, by the verdict or conclusion."""
        self._label_files.count(door, told)

    def label_readers(self, killed: Callable[[], int]) -> None:
        """Say where to look up how many processes that read labels had to be killed."""
        self._label_killed.set_function(killed)

    def page(self, *, exchanges: int, lag: int) -> bytes:
        """Return the exposition text."""
        self._open.set(exchanges)
        self._lag.set(lag)
        return generate_latest(self.registry)
