/** What the reader asks; it lives in the address, so that a link and the back button keep it. */
import { useSyncExternalStore } from "react";
import { subscribeToAddress, writeAddress } from "../design/address";
import type { Dimension, MetricName, RangeInput } from "../generated/graphql";

export const PERIODS = {
  "24h": { name: "24 hours", range: { rolling: "LAST_24H" } },
  "7d": { name: "7 days", range: { rolling: "LAST_7D" } },
  "30d": { name: "30 days", range: { rolling: "LAST_30D" } },
  "12m": { name: "12 months", range: { rolling: "LAST_12M" } },
} as const satisfies Record<string, { name: string; range: RangeInput }>;

export type PeriodName = keyof typeof PERIODS;

export type Asked = {
  readonly metric: MetricName;
  readonly period: PeriodName;
  readonly by: Dimension | null;
  readonly chatbot: string | null;
  /** The reader's own zone instead of the workspace's. */
  readonly ownZone: boolean;
};

const FIRST: Asked = { metric: "SESSIONS", period: "30d", by: null, chatbot: null, ownZone: false };

export function useAsked(): [Asked, (change: Partial<Asked>) => void] {
  const search = useSyncExternalStore(subscribeToAddress, () => location.search);
  const asked = read(search);
  return [asked, (change) => writeAddress(parametersOf({ ...asked, ...change }))];
}

/** A name that the server does not know is refused by it in words, so nothing is checked here. */
function read(search: string): Asked {
  const parameters = new URLSearchParams(search);
  const period = parameters.get("period") ?? "";
  return {
    metric: (parameters.get("metric") as MetricName | null) ?? FIRST.metric,
    period: Object.hasOwn(PERIODS, period) ? (period as PeriodName) : FIRST.period,
    by: parameters.get("by") as Dimension | null,
    chatbot: parameters.get("chatbot"),
    ownZone: parameters.get("zone") === "own",
  };
}

function parametersOf({ metric, period, by, chatbot, ownZone }: Asked): URLSearchParams {
  const parameters = new URLSearchParams({ metric, period });
  if (by) parameters.set("by", by);
  if (chatbot) parameters.set("chatbot", chatbot);
  if (ownZone) parameters.set("zone", "own");
  return parameters;
}
