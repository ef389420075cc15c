"""An installation → the sentence that says that nothing was ever kept there. Nothing is made to find that out."""

from __future__ import annotations

from index.errors import StorageUnreachable
from index.library import Library
from index.store.known import holds_nothing


def nothing_here(library: Library) -> str | None:
    """Why there is nothing to look at: most often a setting or a mount is wrong. None where something was kept.

    StorageUnreachable if the data folder is none, or the database does not answer.
    """
    folder, shown = library.data_dir, library.database.url.render_as_string(hide_password=True)
    if folder.exists() and not folder.is_dir():
        raise StorageUnreachable(f"The data folder {folder} is a file; name a folder.")
    if library.database.revision() is not None:
        with library.database.reading() as connection:
            if not holds_nothing(connection):
                return None
    if library.served_number() is not None:
        return (
            f"The database {shown} holds nothing, though there is an index in {folder}: bring the database back, or "
            "`lectures restore FILE --replace`."
        )
    return f"There is nothing here: no course was ever taken up in {folder}, and the database {shown} holds nothing."
