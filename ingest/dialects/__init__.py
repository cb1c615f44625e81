"""The dialects: one module per kind of sender, one line here for each."""

from ingest.dialects import license as licences
from ingest.dialects import native, productiv, reamaze, reo, telemetrydeck
from ingest.dialects.base import Dialect

DIALECTS: dict[str, Dialect] = {
    dialect.key: dialect
    for dialect in (
        native.DIALECT,
        reo.DIALECT,
        licences.DIALECT,
        telemetrydeck.DIALECT,
        productiv.DIALECT,
        reamaze.DIALECT,
    )
}
