"""What schemathesis must be told beside the description (SCHEMATHESIS_HOOKS): our formats, and rules that lie between two parameters."""

import json
from datetime import date

import schemathesis
from hypothesis import strategies as st

# In the order of time. As a start each lies before the default end, as an end after the default start.
DATES = ["2026-01-01", "2026-02-28", "2026-03-01", "2026-03-29"]
TIMES = ["2026-04-01T00:00:00Z", "2026-04-10T12:30:00.5+05:30"]
RELATIVE = ["now-30d/d", "now-1w", "now-1d", "now-3h"]
BOUNDARIES = DATES + TIMES + RELATIVE

schemathesis.openapi.format("period-boundary", st.sampled_from(BOUNDARIES))
schemathesis.openapi.format("date-or-date-time", st.sampled_from(DATES + TIMES))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham"]))
schemathesis.openapi.format("date", st.sampled_from(DATES))


def put_in_order(query, start, end):
    """A start lies before its end: of two values that are times, the earlier one is the start."""
    given = [query.get(start), query.get(end)]
    if all(one in BOUNDARIES for one in given):
        first, last = (BOUNDARIES.index(one) for one in given)
        if first == last:
            del query[end]
        elif first > last:
            query[start], query[end] = given[1], given[0]


@schemathesis.hook
def map_query(context, query):
    if not isinstance(query, dict):
        return query
    query = dict(query)
    if str(query.get("heatmap")).lower() == "true":
        query.setdefault("group_by", "day")
    # The period of a forecast holds the present.
    if context.operation.path.endswith("/forecast") and query.get("end_date") in DATES:
        query["end_date"] = date.today().isoformat()
    put_in_order(query, "start_date", "end_date")
    # Points of an hour are for short periods: there is a most of them.
    if query.get("group_by") == "hour" and query.get("start_date", BOUNDARIES[0]) in BOUNDARIES:
        query["start_date"] = "now-1d"
        query.pop("end_date", None)
    # By default a period begins some days before its end: of each kind of question another number of days.
    if query.get("end_date") in DATES + TIMES and "start_date" not in query:
        query["start_date"] = "2025-12-01"
    # A range to compare with has two ends, and stands instead of compare_with.
    if query.get("compare_start") in BOUNDARIES or query.get("compare_end") in BOUNDARIES:
        if "compare_start" in query and "compare_end" in query:
            put_in_order(query, "compare_start", "compare_end")
            query.pop("compare_with", None)
        if "compare_start" not in query or "compare_end" not in query:
            query.pop("compare_start", None)
            query.pop("compare_end", None)
    # Only a page before gives a cursor of events.
    if not str(query.get("cursor", "0")).isdigit():
        query.pop("cursor", None)
    return query


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    """The text as it is; what is no text, of the cases that are to be refused, as JSON."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()
