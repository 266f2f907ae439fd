"""The catalogue as a whole: complete, consistent, told in the documentation."""

import re
from pathlib import Path

import pytest

from domain.dimensions import DIMENSIONS, dimensions_of
from domain.metrics.algebra import Ratio, Relation, Single, SumMoney, measures_of
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import FactGrain, Family, Metric, Tier, Unit
from domain.metrics.page import metrics_page
from domain.queries.query import allowed_dimensions

ROOT = Path(__file__).parents[3]
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def test_the_page_is_generated_from_the_catalogue() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == metrics_page()


def test_enum_names_are_different() -> None:
    assert len({metric.enum_name for metric in METRICS.values()}) == len(METRICS)
    assert len({dimension.enum_name for dimension in DIMENSIONS.values()}) == len(DIMENSIONS)


@pytest.mark.parametrize("family", list(Family))
def test_each_family_has_a_primary_metric(family: Family) -> None:
    assert any(metric.family is family and metric.tier is Tier.PRIMARY for metric in METRICS.values())


@EVERY
def test_definitions_name_their_source(metric: Metric) -> None:
    assert metric.definition.endswith(".")
    assert re.search(r"item|R\d", metric.source)


@EVERY
def test_units_fit_formulas(metric: Metric) -> None:
    has_money = any(isinstance(measure, SumMoney) for measure in measures_of(metric.formula))
    assert has_money == (metric.unit is Unit.MONEY)
    if metric.unit is Unit.COUNT:
        assert isinstance(metric.formula, Single)
    if metric.unit is Unit.SHARE:
        assert isinstance(metric.formula, Ratio)
        assert metric.formula.proportion


@EVERY
def test_every_metric_can_be_split_by_the_session(metric: Metric) -> None:
    wanted = {"chatbot", "component"} if metric.fact_grain is FactGrain.PROBE else {"chatbot", "channel", "outcome"}
    assert wanted <= set(allowed_dimensions(metric))


@pytest.mark.parametrize("relation", [one for one in Relation if one not in (Relation.SESSION_COST, Relation.MOMENT)])
def test_every_relation_is_used(relation: Relation) -> None:
    assert any(relation in metric.relations for metric in METRICS.values())
    assert dimensions_of(relation)
