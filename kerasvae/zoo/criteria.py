"""What a model of the zoo should show, and what is missing, from its card's numbers alone.

Shares of information are those of the card: mutual information of a dimension, in 20 equal bins,
and a factor, divided by the factor's entropy.
"""

import numpy as np

UPRIGHT = ("beta-tcvae", "factor-vae")  # whose objectives ask for independent dimensions
POSITIONS = ("x", "y")
LEAST_SHARE = 0.5  # of a position, in its best dimension
LEAST_GAP = 0.3  # to the second dimension
LEAST_SHARE_OF_FORM = 0.05  # of shape or orientation, in a dimension beside those of x, y, scale
LIVING = 0.1  # nats of KL, below which a dimension counts as dead
LEAST_SCORE = 0.6  # FactorVAE's, for the best of them
LEAST_STEPS = {"vae": 40_000, "beta-vae": 40_000, "beta-tcvae": 40_000, "factor-vae": 40_000}
LEAST_STEPS_OF_OTHERS = 20_000
PUBLISHED_STEPS = 300_000
WORSE_RECONSTRUCTION = 1.25  # times the published one, if trained for as long


def misses(card: dict, others: dict[str, dict]) -> list[str]:
    """What is missing, in words.

    Args:
        card: the card of a model.
        others: the cards of the zoo by name, for comparisons; the model's own may be among them.

    Returns:
        A sentence for each criterion that is not met; empty if all are.
    """
    found = [*_steps(card)]
    if card["model"] in UPRIGHT:
        found += [*_axes(card), *_score(card, others), *_dependence(card, others)]
    return found + [*_reconstruction(card)]


def axes(card: dict) -> dict[str, dict]:
    """For each factor, the active dimension that tells most about it.

    Returns:
        {factor: {"dimension", "share", "gap"}}: the gap is that to the second active dimension.
    """
    shares = np.array(card["information"]["matrix"])  # (D, K)
    kl = card["evaluation"]["per_dimension_kl"]
    alive = np.arange(len(shares)) if kl is None else np.flatnonzero(np.array(kl) >= LIVING)
    result = {}
    for factor, column in zip(card["information"]["factors"], shares.T, strict=True):
        order = alive[np.argsort(-column[alive], kind="stable")]
        best = column[order[0]] if len(order) else 0.0
        second = column[order[1]] if len(order) > 1 else 0.0
        result[factor] = {
            "dimension": int(order[0]) if len(order) else None,
            "share": float(best),
            "gap": float(best - second),
        }
    return result


def _steps(card):
    steps = card["training"]["steps"]
    least = LEAST_STEPS.get(card["model"], LEAST_STEPS_OF_OTHERS)
    if steps < least:
        yield f"steps: {steps:,}, expected at least {least:,}"


def _axes(card):
    found = axes(card)
    for factor in POSITIONS:
        share, gap = found[factor]["share"], found[factor]["gap"]
        if share < LEAST_SHARE or gap < LEAST_GAP:
            yield (
                f"axis of {factor}: its best dimension has a share of {share:.2f}, {gap:.2f} more "
                f"than the second; expected {LEAST_SHARE} and {LEAST_GAP}"
            )
    three = [found[factor]["dimension"] for factor in (*POSITIONS, "scale")]
    if len(set(three)) < 3:
        x, y, scale = (f"z_{dimension}" for dimension in three)
        yield f"three axes: x is best in {x}, y in {y}, scale in {scale}; expected three dimensions"
    shares = np.array(card["information"]["matrix"])
    rest = [j for j in range(len(shares)) if j not in three]
    columns = [card["information"]["factors"].index(name) for name in ("shape", "orientation")]
    form = float(shares[np.ix_(rest, columns)].max()) if rest else 0.0
    if form < LEAST_SHARE_OF_FORM:
        yield (
            f"shape or orientation: a share of {form:.3f} in the dimensions that are left; "
            f"expected {LEAST_SHARE_OF_FORM}"
        )


def _score(card, others):
    scores = [
        one["evaluation"]["scores"]["factor_vae_score"]["mean"]
        for one in [card, *others.values()]
        if one["model"] in UPRIGHT
    ]
    if max(scores) < LEAST_SCORE:
        yield (
            f"FactorVAE score: {max(scores):.2f} is the best of {' and '.join(UPRIGHT)}; "
            f"expected {LEAST_SCORE}"
        )


def _dependence(card, others):
    ours = card["evaluation"]["surgery"]["total_correlation"]
    for other in others.values():
        if other["model"] != "vae":
            continue
        theirs = other["evaluation"]["surgery"]["total_correlation"]
        if not theirs > ours:
            yield f"total correlation: {ours:.2f} nats, not below the VAE's {theirs:.2f}"


def _reconstruction(card):
    published = {row["figure"]: row["value"] for row in card["published"]}
    if card["training"]["steps"] < PUBLISHED_STEPS or "reconstruction" not in published:
        return
    ours, theirs = card["evaluation"]["surgery"]["reconstruction"], published["reconstruction"]
    if ours > WORSE_RECONSTRUCTION * theirs:
        yield f"reconstruction: {ours:.1f} nats, more than 25% above the published {theirs:.1f}"
