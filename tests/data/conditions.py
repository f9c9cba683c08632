"""Conditions of metrics with results and the controller's verdict on each.

The verdicts were given by the controller's own function, `utils/evaluate:EvaluateResult` of
v1.10.1, for a Prometheus scalar or vector. A value is written as a measurement holds it: `[0.98]`
is a vector of one series, `0.98` a scalar, `[]` a query without data.
"""

from typing import Final, NamedTuple


class Case(NamedTuple):
    """One verdict.

    Attributes:
        phase: What the controller makes of the measurement.
        is_judged: Whether the product says so too; where not, it says that it cannot tell.
    """

    id: str
    success: str
    failure: str
    value: str
    phase: str
    is_judged: bool = True


_GOOD: Final = "result[0] >= 0.95"
_BAD: Final = "result[0] < 0.95"

CASES: Final = (
    # One condition, both, none.
    Case("success holds", _GOOD, "", "[0.98]", "Successful"),
    Case("success at the limit", _GOOD, "", "[0.95]", "Successful"),
    Case("success does not hold", _GOOD, "", "[0.812]", "Failed"),
    Case("failure holds", "", _BAD, "[0.812]", "Failed"),
    Case("failure does not hold", "", _BAD, "[0.98]", "Successful"),
    Case("both, success", _GOOD, "result[0] < 0.9", "[0.98]", "Successful"),
    Case("both, failure", _GOOD, "result[0] < 0.9", "[0.85]", "Failed"),
    Case("both, neither", _GOOD, "result[0] < 0.9", "[0.92]", "Inconclusive"),
    Case("both hold, failure wins", "result[0] > 0", "result[0] > 0.5", "[0.9]", "Failed"),
    Case("none", "", "", "[0.1]", "Successful"),
    Case("none without data", "", "", "[]", "Successful"),
    Case("none on NaN", "", "", "[NaN]", "Successful"),
    # NaN: no traffic.
    Case("NaN fails a lower limit", _GOOD, "", "[NaN]", "Failed"),
    Case("NaN passes a failure condition", "", _BAD, "[NaN]", "Successful"),
    Case("NaN fails an upper limit", "result[0] <= 3", "", "[NaN]", "Failed"),
    Case("NaN with both is inconclusive", _GOOD, _BAD, "[NaN]", "Inconclusive"),
    Case("NaN is asked for first", f"isNaN(result[0]) || {_GOOD}", "", "[NaN]", "Successful"),
    Case("NaN is refused", f"!isNaN(result[0]) && {_GOOD}", "", "[NaN]", "Failed"),
    Case("NaN is not equal to itself", "result[0] == result[0]", "", "[NaN]", "Failed"),
    Case("NaN differs from itself", "result[0] != result[0]", "", "[NaN]", "Successful"),
    Case("isNaN of a number", f"isNaN(result[0]) || {_GOOD}", "", "[0.5]", "Failed"),
    Case("isNaN of a vector", "isNaN(result)", "", "[NaN]", "Error", is_judged=False),
    Case("isNaN of a whole number", "isNaN(1)", "", "[1]", "Failed", is_judged=False),
    Case("scalar NaN", "isNaN(result)", "", "NaN", "Successful"),
    # Infinities.
    Case("infinity keeps a lower limit", _GOOD, "", "[+Inf]", "Successful"),
    Case("infinity breaks an upper limit", "result[0] <= 3", "", "[+Inf]", "Failed"),
    Case("isInf sees +Inf", "isInf(result[0])", "", "[+Inf]", "Successful"),
    Case("isInf sees -Inf", "isInf(result[0])", "", "[-Inf]", "Successful"),
    Case("isInf of a number", "isInf(result[0])", "", "[7]", "Failed"),
    Case("isInf of NaN", "isInf(result[0])", "", "[NaN]", "Failed"),
    # No data.
    Case("no data", _GOOD, "", "[]", "Error"),
    Case("no data for a failure condition", "", _BAD, "[]", "Error"),
    Case("no data is asked for first", f"len(result) == 0 || {_GOOD}", "", "[]", "Successful"),
    Case("no data is refused", f"len(result) > 0 && {_GOOD}", "", "[]", "Failed"),
    Case("an empty vector is not nil", f"isNil(result) || {_GOOD}", "", "[]", "Error"),
    Case(
        "default does not help", "default(result[0], 1) >= 0.95", "", "[]", "Error", is_judged=False
    ),
    Case("all of nothing", "all(result, # >= 0.95)", "", "[]", "Successful"),
    Case("any of nothing", "any(result, # >= 0.95)", "", "[]", "Failed"),
    Case("none of nothing", "none(result, # >= 0.95)", "", "[]", "Successful"),
    Case(
        "a wrong branch hides behind no data",
        "len(result) == 0 || result >= 0.95",
        "",
        "[]",
        "Error",
        is_judged=False,
    ),
    # Several series.
    Case("only the first counts", _GOOD, "", "[0.98,0.1]", "Successful"),
    Case("the last from behind", "result[-1] >= 0.95", "", "[0.98,0.1]", "Failed"),
    Case("an index beyond", "result[1] >= 0.95", "", "[0.98]", "Error"),
    Case("an index before", "result[-2] >= 0.95", "", "[0.98]", "Error"),
    Case("all", "all(result, # >= 0.95)", "", "[0.98,0.96]", "Successful"),
    Case("not all", "all(result, # >= 0.95)", "", "[0.98,0.9]", "Failed"),
    Case("all in braces", "all(result, {# >= 0.95})", "", "[0.98,0.9]", "Failed"),
    Case("any", "any(result, {# > 0.5})", "", "[0.1,0.9]", "Successful"),
    Case("none", "none(result, {# > 0.5})", "", "[0.1,0.9]", "Failed"),
    Case("one", "one(result, {# > 0.5})", "", "[0.1,0.9]", "Successful"),
    Case("count", "count(result, {# > 0.5}) >= 2", "", "[0.1,0.9]", "Failed"),
    Case("filter", "len(filter(result, {# > 0.5})) == 1", "", "[0.1,0.9]", "Successful"),
    Case("a NaN among all", "all(result, # >= 0.95)", "", "[0.98,NaN]", "Failed"),
    Case("in a list", "result[0] in [0, 1]", "", "[1]", "Successful"),
    Case("not in a list", "result[0] not in [0, 1]", "", "[1]", "Failed"),
    # Scalars.
    Case("a scalar", "result >= 0.95", "", "0.98", "Successful"),
    Case("a scalar below", "result >= 0.95", "", "0.9", "Failed"),
    Case("a scalar indexed", _GOOD, "", "0.98", "Error", is_judged=False),
    Case("a vector compared", "result >= 0.95", "", "[0.98]", "Error", is_judged=False),
    Case("len of a scalar", "len(result) > 0", "", "0.98", "Error", is_judged=False),
    # Functions of the controller.
    Case("asFloat", "asFloat(result[0]) >= 0.95", "", "[0.98]", "Successful"),
    Case("asInt cuts", "asInt(result[0]) == 3", "", "[3.99]", "Successful"),
    Case("asInt cuts towards zero", "asInt(result[0]) == -3", "", "[-3.99]", "Successful"),
    Case(
        "default of a vector is the vector",
        "default(result[0], 0) < 1",
        "",
        "[0.5]",
        "Error",
        is_judged=False,
    ),
    Case("default of a scalar", "default(result, 0) < 1", "", "0.5", "Successful"),
    Case("default ignores its first argument", "default(1, 0) == result", "", "7", "Successful"),
    Case("isNil ignores its argument", "isNil(nil)", "", "[1]", "Failed"),
    # Operators and their strength.
    Case("and before or", "true || false && false", "", "[1]", "Successful"),
    Case(
        "words for signs", "result[0] > 1 and not (result[0] > 3) or false", "", "[2]", "Successful"
    ),
    Case("not before comparison", "not result[0] > 1", "", "[2]", "Error", is_judged=False),
    Case("division of whole numbers", "1 / 2 == 0.5", "", "[1]", "Successful"),
    Case("division by zero", "result[0] / 0 > 100", "", "[1]", "Successful"),
    Case("zero by zero", "isNaN(0 / 0)", "", "[1]", "Successful"),
    Case("rest of a division", "-7 % 3 == -1", "", "[1]", "Successful"),
    Case("power to the right", "2 ** 3 ** 2 == 512", "", "[1]", "Successful"),
    Case("minus before power", "-2 ** 2 == -4", "", "[1]", "Successful"),
    Case("percent of a share", "(1 - result[0]) * 100 <= 5", "", "[0.96]", "Successful"),
    Case("a question", "len(result) > 0 ? result[0] >= 0.95 : false", "", "[]", "Failed"),
    Case("instead of nil", "(result[0] ?? 0) >= 0.95", "", "[0.98]", "Successful"),
    Case(
        "instead of nil without brackets",
        "result[0] ?? 0 >= 0.95",
        "",
        "[0.98]",
        "Error",
        is_judged=False,
    ),
    Case("a chain of comparisons", "0 < result[0] < 1", "", "[0.5]", "Successful", is_judged=False),
    Case("numbers with signs of their own", "result[0] == 1_000", "", "[1000]", "Successful"),
    Case("hexadecimal", "result[0] == 0x1F", "", "[31]", "Successful"),
    Case("exponents", "result[0] <= 1e-3", "", "[0.0005]", "Successful"),
    # Not a condition.
    Case("a number", "result[0]", "", "[1]", "Error", is_judged=False),
    Case("a string beside a number", 'result[0] == "1"', "", "[1]", "Error", is_judged=False),
    Case("an unknown name", "value > 1", "", "[1]", "Error", is_judged=False),
    Case("one sign for equal", "result[0] = 1", "", "[1]", "Error", is_judged=False),
    Case("cut off", "result[0] >=", "", "[1]", "Error", is_judged=False),
    Case("a bracket too few", "(result[0] >= 1", "", "[1]", "Error", is_judged=False),
    Case(
        "an error in the other condition", _GOOD, "result >= 1", "[0.98]", "Error", is_judged=False
    ),
    Case(
        "a function that is not judged here",
        "max(result) > 1",
        "",
        "[0.5,2]",
        "Successful",
        is_judged=False,
    ),
    Case("a pipe", "result | len() > 1", "", "[0.5,2]", "Successful", is_judged=False),
)
