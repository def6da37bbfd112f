"""The text that `tmf-facade run` shows after the start."""

from pathlib import Path

import click

from facade.demo.product import ORDERS, TMF622, USUAL_PORTS, address_of
from facade.demo.scenarios import PARTNER_ORDER
from facade.security.clients import DEVELOPMENT_CLIENTS
from facade.settings import OFF, Settings

PURPOSES = {
    "partner-acme": "a partner: places orders, sees its own",
    "conformance": "a partner whose orders are validated after the acknowledgement",
    "partner-list": "a partner bound to customers by a list in its profile",
    "partner-pattern": "a partner bound to customers by the beginning of their ids",
    "partner-claim": "a portal bound to the customers that its token names",
    "partner-alpha": "a partner with its own ids and words",
    "partner-beta": "another one, in whose words some of them mean something else",
    "portal": "the operator's portal: places orders, sees everybody's",
    "warehouse": "the operator's warehouse: reads all events and products",
    "qa": "tests: has every scope",
}

AS_PARTNER = r"""
TOKEN=$(curl -s -u partner-acme:partner-acme-secret -d grant_type=client_credentials \
  URL/oauth/token | sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/')

curl -s URL/tmf-api/productOrderingManagement/v5/productOrder \
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d 'ORDER'; echo
"""
AS_PORTAL = r"""
TOKEN=$(curl -s -u portal:portal-secret -d grant_type=client_credentials \
  URL/oauth/token | sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/')

curl -s URL/api/v1/orders \
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{
  "customerId": "C12345", "items": [{"sku": "SKU123", "quantity": 2}, {"sku": "SKU456", "quantity": 1}]}'; echo
"""
"""Commands for another terminal. URL stands for the product's address, ORDER for a partner's order."""


def welcome(
    settings: Settings, logs: list[Path], seeded: str, *, issues_tokens: bool, standard_orders: bool = True
) -> str:
    """Addresses, clients and commands to paste; without the last two where tokens come from elsewhere.

    `standard_orders`: whether partner-acme may order in the standard's words.
    """
    url = address_of(settings)
    simulated = "" if settings.backends_url else "  (simulated: effects at /_ledger/…, faults at /_faults/…)"
    lines = [
        f"\n{click.style('Ready.', bold=True)} Ctrl-C stops everything. {seeded}\n",
        *([] if settings.docs == OFF else [f"  contracts      {url}/"]),
        f"  canonical API  {url}{ORDERS.removesuffix('/orders')}",
        f"  TMF622 v5      {url}{TMF622.removesuffix('/productOrder')}",
        f"  health         {url}/health/ready",
        f"  backends       {settings.backends_address}{simulated}",
        *(
            [f"  events         {settings.stream_servers}, {settings.stream_prefix}.>"]
            if settings.starts_broker
            else []
        ),
        f"  logs           {', '.join(str(log) for log in logs)}",
    ]
    if not issues_tokens:
        return "\n".join([*lines, "\nTokens come from your authorization server."])
    clients = [f"  {name:15} {client.secret:22} {PURPOSES[name]}" for name, client in DEVELOPMENT_CLIENTS.items()]
    lines += [f"\n  {'client':15} {'secret':22} what for", *clients]
    ports = "" if (settings.port, settings.backends_port) == USUAL_PORTS else f" PORT={settings.port}"
    if ports and not settings.backends_url:
        ports += f" BACKENDS_PORT={settings.backends_port}"
    lines += _to_paste(settings, url, standard_orders)
    if not standard_orders:
        return "\n".join(
            [*lines, f"`make demo{ports}` fails here: it sends partner-acme's orders in the standard's words."]
        )
    lines.append(f"`make demo{ports}` there shows the path of eight orders.")
    installed = f"{ports.strip()} tmf-facade demo".strip()
    return "\n".join([*lines, f"Without the Makefile, `{installed}` does the same."])


def _to_paste(settings: Settings, url: str, standard_orders: bool) -> list[str]:
    as_portal = AS_PORTAL.replace("URL", url)
    if standard_orders:
        title = "\nIn another terminal, an order as a partner sends it and one as the portal does, each with its token:"
        return [title, AS_PARTNER.replace("URL", url).replace("ORDER", PARTNER_ORDER).rstrip("\n"), as_portal]
    profiles = f"PARTNERS={settings.partners} " if settings.partners else ""
    return [
        "\nThe profile of partner-acme has words of its own: an order in the standard's words is refused.",
        f"What it sends instead: {profiles}tmf-facade partners doc partner-acme",
        "\nIn another terminal, an order as the portal sends it, with its token:",
        as_portal,
    ]
