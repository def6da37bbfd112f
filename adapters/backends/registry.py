"""The backends, connected."""

from collections.abc import Mapping

from adapters.backends.billing import HttpBillingAccounts, HttpInvoices, HttpPaymentCharges
from adapters.backends.breaker import BreakerState
from adapters.backends.bss import HttpBssOrders
from adapters.backends.contracts import AnswerCheck, contract
from adapters.backends.counters import BackendSnapshot
from adapters.backends.crm import HttpCustomers
from adapters.backends.http import Backend, Timed, untimed
from adapters.backends.inventory import HttpStockReservations
from adapters.backends.order_records import HttpOrderRecords
from adapters.backends.scm import HttpShipments
from adapters.backends.settings import BackendSettings, Route
from adapters.backends.subscriptions import HttpPlanBilling, HttpSubscriptions
from adapters.backends.tokens import Tokens
from adapters.backends.transport import Transport
from adapters.backends.versions import ContractVersion, ContractWatch
from canonical.customers.ports import BillingAccounts, CustomerProfiles, Customers, OutstandingBalances
from canonical.processes.ports import BssOrders, PaymentCharges, StockReservations
from canonical.subscriptions.ports import PlanBilling, Subscriptions
from canonical.views.ports import Invoices, OrderRecords, Shipments

NEEDED = ("crm", "inventory", "bss", "billing", "scm")


class Backends:
    """The ports over five backends. Connect in each process of its own, after a fork: connections are not shared."""

    def __init__(self, backends: Mapping[str, Backend], tokens: list[Tokens], watch: ContractWatch) -> None:
        self._backends = backends
        self._tokens = tokens
        self._watch = watch
        self.customers: Customers = HttpCustomers(backends["crm"])
        self.stock: StockReservations = HttpStockReservations(backends["inventory"])
        self.bss: BssOrders = HttpBssOrders(backends["bss"], lambda: watch.version_of("bss"))
        self.payments: PaymentCharges = HttpPaymentCharges(backends["billing"])
        self.accounts: BillingAccounts = HttpBillingAccounts(backends["billing"], lambda: watch.version_of("billing"))
        self.profiles: CustomerProfiles = HttpCustomers(backends["crm"])
        self.order_records: OrderRecords = HttpOrderRecords(backends["bss"])
        self.subscriptions: Subscriptions = HttpSubscriptions(backends["bss"])
        self.plan_billing: PlanBilling = HttpPlanBilling(backends["billing"])
        self.invoices: Invoices = HttpInvoices(backends["billing"])
        self.balances: OutstandingBalances = HttpInvoices(backends["billing"])
        self.shipments: Shipments = HttpShipments(backends["scm"])

    def states(self) -> dict[str, BreakerState]:
        """The circuit breaker of each backend, by the backend's name."""
        return {name: backend.state for name, backend in self._backends.items()}

    def snapshot(self) -> dict[str, BackendSnapshot]:
        """The counts of calls so far, by the backend's name, for health and metrics."""
        return {name: backend.snapshot() for name, backend in self._backends.items()}

    def contract_versions(self) -> dict[str, ContractVersion]:
        """The version of each backend's contract, by the backend's name."""
        return self._watch.versions()

    def connection_troubles(self) -> dict[str, str | None]:
        """Why TLS or a proxy gives us no connection to a backend, or to its token service, by the backend's name."""
        return {name: backend.trouble for name, backend in self._backends.items()}

    def watch_contracts(self) -> None:
        """Ask for contract versions from now on, in a thread of its own that `close` ends."""
        self._watch.begin()

    def leave(self) -> None:
        """Repeat no call from now on: the node stops."""
        for backend in self._backends.values():
            backend.leave()

    def close(self) -> None:
        self._watch.end()
        for backend in self._backends.values():
            backend.close()
        for tokens in self._tokens:
            tokens.close()


def connect(settings: Mapping[str, BackendSettings], check_answers: float = 0.0, timed: Timed = untimed) -> Backends:
    """Ready to call, nothing sent yet. `check_answers`: the share of answers to check against the contracts.
    `timed` is told of each exchange.

    Raises ValueError naming backends that have no settings.
    """
    if missing := [name for name in NEEDED if name not in settings]:
        raise ValueError(f"no settings for {', '.join(missing)}")
    tokens: dict[tuple[tuple[str, str, str], Route], Tokens] = {}
    transports: dict[str, Transport] = {}
    backends: dict[str, Backend] = {}
    for name in NEEDED:
        one = settings[name]
        client = (one.token_url, one.client_id, one.client_secret)
        common = (client, one.route)
        if common not in tokens:
            timeouts = (one.connect_timeout, one.read_timeout)
            tokens[common] = Tokens(*client, timeouts=timeouts, route=one.route, waiting=one.places)
        check = AnswerCheck(contract(name), check_answers)
        transports[name] = Transport(one.route, pool_connections=1, pool_maxsize=one.places)
        backends[name] = Backend(name, one, tokens[common], transports[name], check, timed)
    watch = ContractWatch(
        {name: contract(name).version for name in NEEDED},
        {name: settings[name].base_url for name in NEEDED},
        transports,
    )
    return Backends(backends, list(tokens.values()), watch)
