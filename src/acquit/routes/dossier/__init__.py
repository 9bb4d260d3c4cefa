"""The dossier of a route: why its receipts are believed, or not, as one sends it to the supplier."""

from acquit.routes.dossier.content import Dossier
from acquit.routes.dossier.gathering import Terms, dossier
from acquit.routes.dossier.page import page

__all__ = ["Dossier", "Terms", "dossier", "page"]
