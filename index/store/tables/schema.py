"""What all tables share: their metadata, how their constraints are named, and the revision that makes them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData

# The newest migration. Those with the same first two digits only add; one that takes away begins new ones (0100).
SCHEMA_REVISION = "0012"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def parent(name: str, *, primary_key: bool = False, nullable: bool = False, index: bool = False) -> Column[int]:
    """The column by which a row hangs on one of another table, and goes with it."""
    target = f"{name}s.id"
    return Column(
        f"{name}_id",
        Integer,
        ForeignKey(target, ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=nullable,
        index=index,
    )
