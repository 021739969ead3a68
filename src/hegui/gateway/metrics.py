"""What the gateway counts, for Prometheus. No content, no subject, no key is a label."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hegui.gateway.whole_numbers import WholeNumbers
from hegui.screen.window import Tally

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Metrics:
    """The counters of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._labelled: dict[tuple[Counter, tuple[str, ...]], Counter] = {}
        self._requests = Counter(
            "hegui_requests",
            "Requests by path and status",
            ["path", "status"],
            registry=self.registry,
        )
        self._verdicts = Counter(
            "hegui_verdicts",
            "Verdicts by side and action",
            ["side", "action"],
            registry=self.registry,
        )
        self._findings = Counter(
            "hegui_findings",
            "Findings by side, risk, and the action of the verdict they are part of",
            ["side", "risk", "action"],
            registry=self.registry,
        )
        self._faults = Counter(
            "hegui_faults", "Detector faults", ["detector"], registry=self.registry
        )
        self._ends = Counter(
            "hegui_exchanges", "Exchanges by how they ended", ["end"], registry=self.registry
        )
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
        self._label_files = Counter(
            "hegui_label_files",
            "Files brought to /label (page) and /label/inspect (inspect), by what was told",
            ["door", "told"],
            registry=self.registry,
        )
        self._label_killed = Gauge(
            "hegui_label_readers_killed",
            "Processes reading labels that were killed or died, since the start",
            registry=self.registry,
        )

    def _count_what_is_attached(self) -> None:
        self._media = Counter(
            "hegui_media_items",
            "Pictures and speeches by medium and what became of them",
            ["medium", "result"],
            registry=self.registry,
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

    def _histogram(self, name: str, says: str) -> Histogram:
        return Histogram(name, says, buckets=_SECONDS, registry=self.registry)

    def _count(self, counter: Counter, *labels: str) -> None:
        """Count one more. The library's own look-up of a label costs more than the counting."""
        known = self._labelled.get((counter, labels))
        if known is None:
            known = self._labelled[counter, labels] = counter.labels(*labels)
        known.inc()

    def requested(self, path: str, status: int) -> None:
        """Count a request that was answered."""
        self._count(self._requests, path, str(status))

    def judged(self, side: str, tally: Tally) -> None:
        """Count a verdict, its findings and its faults."""
        action = tally.action.name.lower()
        self._count(self._verdicts, side, action)
        for finding in tally.findings:
            self._count(self._findings, side, finding.risk, action)
        for fault in tally.faults:
            self._count(self._faults, fault.detector)

    def guarded(self, detector: str, outcome: str, seconds: float) -> None:
        """Count a request to a guard model: clean, found, refusal, or the word of its fault."""
        self._guards.labels(detector, outcome).inc()
        self._guard_seconds.labels(detector).observe(seconds)

    def ended(self, end: str) -> None:
        """Count how an exchange ended."""
        self._count(self._ends, end)

    def item(self, medium: str, result: str) -> None:
        """Count a picture or speech: labelled, streamed, cut or withheld; a file: not_fetched."""
        self._count(self._media, medium, result)

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
        self._count(self._label_files, door, told)

    def label_readers(self, killed: Callable[[], int]) -> None:
        """Say where to look up how many processes that read labels had to be killed."""
        self._label_killed.set_function(killed)

    def page(self, *, exchanges: int, lag: int) -> bytes:
        """Return the exposition text."""
        self._open.set(exchanges)
        self._lag.set(lag)
        return generate_latest(self.registry)
