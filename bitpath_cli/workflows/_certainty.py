"""How sure a judgement is: probabilities, ties, robustness, and what comes to the same."""

import torch

from bitpath_cli.cost.uncertainty import TIE_BELOW, simplex_share
from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.recommendation import Confidence
from bitpath_cli.workflows._judgement import Judgement


def probabilities(judged: Judgement) -> dict[StrategyName, float]:
    """P(best) of every strategy that competes."""
    if judged.ranking is None:
        return {}
    return {
        name: float(judged.ranking.probability_best[index])
        for index, name in enumerate(judged.rivals())
    }


def confidence(judged: Judgement) -> Confidence | None:
    """How the winner fares over the draws; None where nothing is feasible."""
    if judged.ranking is None or judged.winner is None:
        return None
    rivals = judged.rivals()
    index = rivals.index(judged.names[judged.winner])
    rows = torch.tensor([judged.best[name] for name in rivals])
    return Confidence(
        draws=judged.wishes.draws,
        probability_best=float(judged.ranking.probability_best[index]),
        expected_regret=float(judged.ranking.expected_regret[index]),
        rank_low=int(judged.ranking.rank_low[index]),
        rank_high=int(judged.ranking.rank_high[index]),
        simplex_share=simplex_share(judged.ratios.values[rows, 0], index),
    )


def tied(judged: Judgement) -> tuple[StrategyName, ...]:
    """The other strategies that the draws do not separate from the winner."""
    if judged.winner is None:
        return ()
    winner = judged.names[judged.winner]
    return tuple(
        name
        for name, probability in sorted(probabilities(judged).items(), key=lambda each: -each[1])
        if name != winner and probability >= (1 - TIE_BELOW) / 4
    )


def is_robust(judged: Judgement) -> bool:
    """Whether the ratio, the currency and the geometric view name the same strategy."""
    rows = [judged.best[name] for name in judged.rivals()]
    if not rows:
        return False
    index = torch.tensor(rows)
    named = {
        int(torch.argmin(view[index]))
        for view in (judged.scores, judged.currency, judged.geometric)
    }
    return len(named) == 1


def is_same(judged: Judgement, row: int, other: int) -> bool:
    """Whether two configurations come to the same: float16 and bfloat16 on most accelerators."""
    return bool(torch.allclose(judged.ratios.values[row], judged.ratios.values[other], rtol=1e-9))
