"""Exchange rates through the API."""

import pytest

from tests.resolvers.entities.conftest import Ask

SET = """
mutation ($input: SetExchangeRateInput!) {
  setExchangeRate(input: $input) {
    ... on ExchangeRate { base quote effectiveFrom rate }
    ... on Refusal { problems { path } }
  }
}
"""
GIVEN = {"base": "EUR", "quote": "USD", "effectiveFrom": "2026-01-01", "rate": "1.0825"}


async def test_a_rate_of_the_same_day_is_replaced(ask: Ask) -> None:
    assert (await ask(SET, input=GIVEN))["data"]["setExchangeRate"] == GIVEN
    await ask(SET, input={**GIVEN, "rate": "1.10"})
    await ask(SET, input={**GIVEN, "effectiveFrom": "2026-02-01"})
    listed = await ask("{ exchangeRates { nodes { effectiveFrom rate } } }")
    assert listed["data"]["exchangeRates"]["nodes"] == [
        {"effectiveFrom": "2026-01-01", "rate": "1.1"},
        {"effectiveFrom": "2026-02-01", "rate": "1.0825"},
    ]


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity", "one", "1.0000000000001", "1e13"])
async def test_a_wrong_rate_is_named(ask: Ask, rate: str) -> None:
    refused = (await ask(SET, input={**GIVEN, "rate": rate}))["data"]["setExchangeRate"]
    assert refused["problems"] == [{"path": ["input", "rate"]}]
