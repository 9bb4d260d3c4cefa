"""JSON Schemas of what the topics carry, and of the dossier, made from the very types that read and write them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from acquit.effects import Alert, Held, Holding, Suppression, SuppressionRecord, Tally
from acquit.events import Command, Engagement, Logged, Receipt, Submit, Verdict
from acquit.routes.dossier.content import Dossier

SCHEMAS: Mapping[str, Any] = {
    "submit": Submit,
    "receipt": Receipt,
    "engagement": Engagement,
    "command": Command,
    "verdict": Verdict,
    "event": Logged,
    "suppression": SuppressionRecord,
    "suppression-log": Suppression,
    "held": Held,
    "tally": Tally,
    "holding": Holding,
    "alert": Alert,
    "dossier": Dossier,
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of this kind of record. Raises KeyError."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(SCHEMAS[name])}
