"""What a process that lives long does once with its memory, when all is imported."""

import gc

from sqlalchemy.orm import configure_mappers


def settle() -> None:
    """Leave out of each later collection what stays for good: some 300,000 objects of modules and tables.

    To walk through them took a tenth of the time of a page, and made one in thirty wait for 0.2 s.
    """
    configure_mappers()
    gc.collect()
    gc.freeze()
