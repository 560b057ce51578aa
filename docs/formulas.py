"""Typeset the formula of a model's docstring, which stays the one place where it is written.

The first paragraph under `Formula:` is read if it is an expression of terms, weights, numbers and
signs; one that says more in words (a game of two networks) is left as it stands in the docstring.
"""

import inspect
import re

WEIGHTS = ("alpha", "beta", "gamma", "lambda")  # and what follows them: lambda_od
SYMBOLS = ("C", "C_z", "C_c", "step")
BOTH = "1/2 sum over both images of"
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|[-+()|]")


def paragraph(model) -> str:
    """The first paragraph under `Formula:` in a class's docstring, in one line; "" without one."""
    text = inspect.getdoc(model) or ""
    found = re.search(r"^Formula:\n((?:[ ]+\S.*\n?)+)", text, flags=re.M)
    return " ".join(found.group(1).split()) if found else ""


def typeset(formula: str) -> str | None:
    """An expression in LaTeX, or None where it is none.

    Args:
        formula: for instance "reconstruction + beta kl".

    Returns:
        For instance r"\\texttt{reconstruction}+\\beta\\,\\texttt{kl}".
    """
    value, prefix = formula, ""
    if "=" in value and value.startswith("-ELBO(x)"):
        prefix, value = r"-\mathrm{ELBO}(x)=", value.partition("=")[2]
    if BOTH in value:
        prefix, value = r"\tfrac12\sum_{\text{both images}}", value.replace(BOTH, "")
    if TOKEN.sub("", value).strip():
        return None  # a sign that is none of ours
    parts = [_part(token) for token in TOKEN.findall(value)]
    if None in parts or not any(part.startswith(r"\texttt") for part in parts):
        return None
    return prefix + _spaced(parts)


def _part(token: str) -> str | None:
    """A token in LaTeX; None for a word that is no name."""
    head, _, tail = token.partition("_")
    if head in WEIGHTS:
        return f"\\{head}" + (f"_{{\\mathrm{{{tail}}}}}" if tail else "")
    if token == "mean":
        return r"\mathrm{mean}"
    if token in SYMBOLS:
        return f"{head}_{{{tail}}}" if tail else (head if len(head) == 1 else rf"\mathrm{{{head}}}")
    if re.fullmatch(r"[a-z_]{2,}", token):
        return rf"\texttt{{{token}}}".replace("_", r"\_")
    return token


def _spaced(parts: list[str]) -> str:
    """Parts in a row, with a thin space between factors."""
    found = parts[0]
    for before, after in zip(parts, parts[1:], strict=False):
        is_name = before.startswith("\\") and before != r"\mathrm{mean}"
        opens = after == "(" or (after == "|" and found.count("|") % 2 == 0)
        is_product = after not in list("+-()|") and before[-1] not in "+-(|"
        found += (r"\," if is_product or (is_name and opens) else "") + after
    return found
