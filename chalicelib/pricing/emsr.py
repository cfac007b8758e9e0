"""How many seats to keep for those who pay more: Littlewood's rule and EMSR-b.

Belobaba's EMSR-b as in K. Talluri and G. van Ryzin, The Theory and Practice of Revenue Management (2004), section
2.2.4: classes stand in the order of their fares, the highest first, and their demands are independent and normal.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import floor, sqrt


def littlewood(ratio: float, mean: float, deviation: float) -> float:
    """Seats to protect for a class from a cheaper one whose fare is `ratio` of its own: F(y) = 1 - ratio.

    Demand of the dearer class is normal with that mean and standard deviation. Never negative; nothing is protected
    from a class that pays as much.
    """
    if ratio > 1 - 1e-12:  # as much, but for rounding
        return 0.0
    if deviation == 0:
        return max(0.0, mean)
    from statistics import NormalDist

    # A ratio of 0 would protect without end; beyond 12 deviations a double knows no difference.
    quantile = NormalDist().inv_cdf(1 - ratio) if ratio > 1e-16 else 12.0
    return max(0.0, mean + deviation * quantile)


def emsr_b(fares: Sequence[float], means: Sequence[float], deviations: Sequence[float]) -> list[float]:
    """Seats protected for the first class, the first two, and so on: one number fewer than there are classes.

    All classes above a boundary count as one, with the sum S of their demands, the average fare p weighted by demand,
    and the deviation sigma of the sum: y = S + sigma * Phi^-1(1 - next fare / p). The levels never fall from one
    boundary to the next, as what is protected for some classes is so for these and one more; the formula alone does
    not see to that. Raises ValueError where the lengths differ, a fare is above the one before, or a number is
    negative.
    """
    if not len(fares) == len(means) == len(deviations):
        raise ValueError("each class has a fare, a mean and a deviation")
    if any(later > earlier for earlier, later in pairwise(fares)):
        raise ValueError("the classes stand in the order of their fares, the highest first")
    if any(number < 0 for number in (*fares, *means, *deviations)):
        raise ValueError("fares, means and deviations are not negative")
    demands = list(accumulate(means))
    revenues = list(accumulate(fare * mean for fare, mean in zip(fares, means, strict=True)))
    variances = list(accumulate(deviation**2 for deviation in deviations))
    levels = [
        littlewood(following * demand / revenue if revenue else 1.0, demand, sqrt(variance))
        for following, demand, revenue, variance in zip(fares[1:], demands, revenues, variances, strict=False)
    ]
    return list(accumulate(levels, max))


def booking_limits(seats: int, protections: Sequence[float]) -> list[int]:
    """How many of these seats each class may sell: the seats less what is protected for the classes above.

    A level counts as the nearest whole seat (half a seat as one). Nested: the first class may sell every seat, none
    more than the one before, none fewer than 0.
    """
    return [max(0, seats - floor(level + 0.5)) for level in (0.0, *protections)]
