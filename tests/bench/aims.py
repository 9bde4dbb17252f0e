# SPDX-License-Identifier: GPL-3.0-or-later
"""Which aims a benchmark missed, and which of those make it fail: what is counted is the same on every machine, a time is not."""


def missed(aims, *values):
    """The titles (list) of the aims that are not met.

    :param aims: {title: "at most NUMBER" or "at least NUMBER"}
    :param values: dicts of title to number; each title of an aim is in one of them
    """
    found = []
    for title, aim in aims.items():
        word, number = aim.rsplit(" ", 1)
        value = next(each[title] for each in values if title in each)
        if not {"at most": value <= float(number), "at least": value >= float(number)}[word]:
            found.append(title)
    return found


def failing(result):
    """A line for each count (under "more" in a result of bench.report()) that missed its aim (list of str)."""
    return ["%s: %s is %s, the aim is %s" % (result["name"], title, result["more"][title], result["aims"][title])
            for title in result["missed"] if title in result["more"]]
