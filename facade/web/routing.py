"""Connexion's routing without redirects."""

from typing import Any

from connexion.middleware.routing import RoutingMiddleware
from starlette.routing import Mount, Router


class ExactRouting(RoutingMiddleware):  # type: ignore[misc]  # Connexion has no types
    """Starlette's routers answer 307 without a body to an address that has a slash too many or too few, an id of `%2F`
    among them, and make the address from the header Host. Here `TrailingSlash` redirects, and the rest is 404 in the
    shape of the API. Connexion 3.3 has no option for it.
    """

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.router.redirect_slashes = False

    def add_api(self, *arguments: Any, **options: Any) -> None:
        super().add_api(*arguments, **options)
        for route in self.router.routes:
            if isinstance(route, Mount) and isinstance(route.app, Router):
                route.app.redirect_slashes = False
