"""The prose of docstrings: notation, licences and credits are removed, sentences are not."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic.data.datasets.prose import sentences_of


def prose_of(docstring: str) -> str:
    return " ".join(sentences_of(textwrap.dedent(docstring).strip()))


PROSE = {
    "numpydoc": (
        """
        Fit a line.

        Parameters
        ----------
        x, y : ndarray of shape (n,), default=None
            Where to fit.

            .. versionadded:: 1.2
        **options
            What else :func:`~numpy.fit` takes, as ``a=1``.

        Returns
        -------
        Line
            The `line` itself.

        See Also
        --------
        other : Something else.

        Notes
        -----
        It is straight [1]_, by :math:`y = a x`.

        .. math::

           y = a x

        References
        ----------
        .. [1] Euclid, "Elements",
           Alexandria.

        Examples
        --------
        Like this:

        >>> fit(1)
        Line
        """,
        "Fit a line. Where to fit. What else takes, as . The itself. It is straight , by . Like this:",
    ),
    "google": (
        """
        Fit a line.

        Args:
            x (Tensor, optional): Where to fit,
                in metres.
            y: What to fit.
        Returns:
            Line: The line itself.

        Example::

            >>> fit(1)
            out = fit(2)

        .. note:: It is straight.
        .. note::
            And long.
        """,
        "Fit a line. Where to fit, in metres. What to fit. The line itself. It is straight. And long.",
    ),
    "sphinx": (
        """
        Fit a line, see https://example.org or `the guide <guide.html>`_.

        :param x: Where to fit.
        :type x: ndarray
        :returns: The line itself.
        :rtype: Line

        As in::

            fit(1)

        and so on.

        ```
        fit(2)
        ```
        """,
        "Fit a line, see or the guide . Where to fit. The line itself. As in:: and so on.",
    ),
}


@pytest.mark.parametrize("convention", PROSE)
def test_prose_of_each_convention(convention: str) -> None:
    docstring, wanted = PROSE[convention]
    assert prose_of(docstring) == wanted


LICENCES = {
    "BSD": """
        Copyright (c) 2001, 2002 Enthought, Inc.
        All rights reserved.

        Redistribution and use in source and binary forms, with or without
        modification, are permitted provided that these conditions are met:

        a. Redistributions of source code must retain the above copyright notice,
           this list of conditions and the following disclaimer.
        b. Neither the name of the owner nor the names of its contributors may be
           used to endorse or promote products derived from this software.

        THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS "AS IS" AND ANY IMPLIED
        WARRANTIES ARE DISCLAIMED. IN NO EVENT SHALL THEY BE LIABLE FOR ANY DAMAGES.
        """,
    "MIT": """
        # Copyright 2010 Ada
        #
        # Permission is hereby granted, free of charge, to any person obtaining a
        # copy of this software, to deal in the Software without restriction.
        """,
    "Apache": """
        Licensed under the Apache License, Version 2.0 (the "License"); you may not
        use this file except in compliance with the License.

        Distributed on an "AS IS" BASIS, without warranties of any kind.
        """,
    "GNU": """
        This program is free software; you can redistribute it and/or modify it.

        It is distributed in the hope that it will be useful, but WITHOUT ANY
        WARRANTY; without even the implied warranty of MERCHANTABILITY.
        """,
    "older": """
        Permission to use, modify, and distribute this software is given under the
        terms of the NumPy License. NO WARRANTY IS EXPRESSED OR IMPLIED.
        """,
    "notice": "\u00a9 1999 Euclid of Alexandria",
    "credits": """
        Author: Euclid
        Created: 11 January 2003
        Last modified: yesterday
        """,
    "versions": """
        .. versionadded:: 1.2
        .. deprecated:: 1.4
            Use something else.
        """,
}


@pytest.mark.parametrize("licence", LICENCES)
def test_planted_licences_are_removed_and_the_text_around_them_is_not(licence: str) -> None:
    planted = textwrap.dedent(LICENCES[licence])
    assert prose_of(f"Fit a line.\n\n{planted}\n\nIt is straight.") == "Fit a line. It is straight."


@pytest.mark.parametrize(
    "prose",
    [
        "Raised without read permissions on the folder.",
        "The mass is redistributed over the nodes, and none of it is lost.",
        "Copies are made right before the update: all rights of way are the same.",
        "The data sets are small enough to warrant no index.",
        "Training stops after the last change of the loss.",
        "The joint model of authors and topics, in terms of the words of an author.",
        "The dates of issue are in the first column.",
    ],
)
def test_prose_about_rights_and_dates_stays(prose: str) -> None:
    assert prose_of(prose) == prose


def test_a_parameter_may_be_called_author_or_date() -> None:
    assert prose_of("Args:\n    author: Who wrote it.\n    date: When it was written.") == (
        "Who wrote it. When it was written."
    )


def test_sentences_end_with_their_paragraph() -> None:
    docstring = """
    Fit a line
    through points

    * first: the slope
    * the intercept. It may be 0

    :param x: Where to fit
    :param y: What to fit
    """
    assert sentences_of(textwrap.dedent(docstring).strip()) == [
        "Fit a line through points",
        "* first:",
        "the slope",
        "* the intercept.",
        "It may be 0",
        "Where to fit",
        "What to fit",
    ]


@given(st.text(st.sampled_from("ab :.`>-=\n\t([*"), max_size=80))
def test_sentences_of_anything_are_lines(docstring: str) -> None:
    for sentence in sentences_of(docstring):
        assert sentence
        assert "\n" not in sentence
        assert sentence == sentence.strip()
