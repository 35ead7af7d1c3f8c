"""What AMC answered, kept: CSV files in, one Parquet file, rows and downloads out.

``spooling`` writes the downloaded files, repaired by ``dialect``, to scratch → ``conversion.convert`` makes
one Parquet file of them with the types that AMC declared (``columns``, ``matching``), or with those that the
values allow (``measuring``) → ``store.open_store(url).put`` keeps it once, under its key and checksum, in a
folder or in S3 → ``store.local`` hands out a readable path → ``queries`` reads rows from it, ``downloads``
the whole of it.
"""
