"""Corpora that are larger than memory: a folder of parts, of which only what is needed is read.

============================  ==============================================================================
``shards.json``               number of documents, words and tokens; for each part its sizes and, for each of
                              its files, the number of bytes and the SHA-256; how the texts were read
``vocab.txt``                 word of each column, one per line
``part-00000.indptr.npy``     where the entries of each document of the part begin, and where the last ends
``part-00000.indices.npy``    column of each entry; the columns of a document increase
``part-00000.data.npy``       count of each entry, in the smallest type that holds those of the part
``part-00000.parquet``        label, name, split, date and text of each document, and the columns of the
                              metadata, as far as there are any; needs pyarrow
``embeddings.npy``            embedding of each document of the corpus, float32; mapped into memory
============================  ==============================================================================

A part has at most 65,536 documents and 8 million entries, so that it fits into memory.
"""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.data.shards.corpus import ShardedCorpus as ShardedCorpus
    from hftopic.data.shards.corpus import open_corpus as open_corpus
    from hftopic.data.shards.stored import Stored as Stored
    from hftopic.data.shards.writing import ShardWriter as ShardWriter

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {"corpus": ["ShardedCorpus", "open_corpus"], "stored": ["Stored"], "writing": ["ShardWriter"]}
)
