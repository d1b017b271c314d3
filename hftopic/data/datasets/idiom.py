"""Words of docstrings in general, which characterise no subject.

A word that one package uses as often as any other is about none of them, however rare it is: Gerlach, Shi and
Amaral (2019), "A universal information theoretic approach to the identification of stopwords".
"""

_WORDS = """
    access actual add added additional allow allowed allows appear applied applies apply arbitrary
    argument arguments associated assumed automatically available avoid based better called calling calls
    case cases change changes check checks class code common computes consider considered construct
    contain containing contains control convert converted converts correct corresponding create created
    current currently default defaults depending depends details determine different directly does effect
    efficient end ensure entry example examples exist expected explicitly extra false fast faster final
    fixed following function functions generate generated given handle having helper implement implemented
    include includes including indicates information input inside instance instances instead int integer
    interface internal just keyword left length like line list lists main make makes map max means method
    methods multiple need needed needs new non note number object objects ones option optional options
    order original parameter particular pass passing perform performance place position present previous
    produce provide provided provides python range reduce related remove replace replaced representation
    represented representing represents required requires results return returned second sequence set
    setting signature similar simply single size sorted specific specified specifies specify start stored
    structure support supported supports takes time times true try tuple unique unit unless usage use used
    useful user uses using value version want way work works write written
"""
_NOTATION = "arg args bool cls dict float func int kwarg kwargs param params self str"

# Words in at least 1% of the docstrings of the eight packages that are evenly spread over these packages: the
# entropy of the shares of docstrings with the word, one share a package, is at least 0.94 of the largest.
SPREAD_EVENLY = frozenset(_WORDS.split())
# Python's names for arguments and their types.
NOTATION = frozenset(_NOTATION.split())
