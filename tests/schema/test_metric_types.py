"""The generated types and inputs follow the catalogue."""

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, get_named_type, get_nullable_type

from domain.dimensions import DIMENSIONS, Closed
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric
from resolvers.roots import build_schema

SCHEMA = build_schema()._schema
EVERY_METRIC = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def fields_of(name: str) -> GraphQLObjectType:
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


@EVERY_METRIC
@pytest.mark.parametrize("place", ["MetricTotals", "MetricSeries"])
def test_each_metric_is_a_described_field(metric: Metric, place: str) -> None:
    field = fields_of(place).fields[metric.name]
    assert metric.definition in str(field.description)


def test_there_are_no_other_fields() -> None:
    assert list(fields_of("MetricTotals").fields) == list(METRICS)
    assert list(fields_of("MetricSeries").fields) == ["buckets", "previousBuckets", *METRICS]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("MetricName", [metric.enum_name for metric in METRICS.values()]),
        ("Dimension", [dimension.enum_name for dimension in DIMENSIONS.values()]),
    ],
)
def test_enums_name_the_catalogue(name: str, values: list[str]) -> None:
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLEnumType)
    assert list(found.values) == values


@pytest.mark.parametrize("name", DIMENSIONS)
def test_each_dimension_filters_by_its_own_values(name: str) -> None:
    filters = SCHEMA.type_map["FilterInput"]
    assert isinstance(filters, GraphQLInputObjectType)
    condition = get_named_type(filters.fields[name].type)
    assert isinstance(condition, GraphQLInputObjectType)
    kind = get_named_type(get_nullable_type(condition.fields["in"].type))
    values = DIMENSIONS[name].values
    if isinstance(values, Closed):
        assert isinstance(kind, GraphQLEnumType)
        assert set(kind.values) == set(values.codes)
    else:
        assert kind.name == "String"
