/** What the reader chose to look at; it lives in the address, so that a link and the back button keep it. */
import { useSyncExternalStore } from "react";
import { subscribeToAddress, writeAddress } from "../design/address";
import type { RangeInput } from "../generated/graphql";

export const PERIODS = {
  today: { name: "Today", range: { calendar: "TODAY" } },
  "24h": { name: "24 hours", range: { rolling: "LAST_24H" } },
  "7d": { name: "7 days", range: { rolling: "LAST_7D" } },
  "30d": { name: "30 days", range: { rolling: "LAST_30D" } },
} as const satisfies Record<string, { name: string; range: RangeInput }>;

export type PeriodName = keyof typeof PERIODS;

export type Selection = {
  readonly chatbot: string | null;
  readonly period: PeriodName;
  /** The reader's own zone instead of the workspace's. */
  readonly ownZone: boolean;
};

export function useSelection(): [Selection, (change: Partial<Selection>) => void] {
  const search = useSyncExternalStore(subscribeToAddress, () => location.search);
  const selection = readSelection(search);
  return [selection, (change) => writeSelection({ ...selection, ...change })];
}

function readSelection(search: string): Selection {
  const parameters = new URLSearchParams(search);
  const period = parameters.get("period") ?? "";
  return {
    chatbot: parameters.get("chatbot"),
    period: isPeriod(period) ? period : "24h",
    ownZone: parameters.get("zone") === "own",
  };
}

function writeSelection({ chatbot, period, ownZone }: Selection): void {
  const parameters = new URLSearchParams();
  if (chatbot) parameters.set("chatbot", chatbot);
  if (period !== "24h") parameters.set("period", period);
  if (ownZone) parameters.set("zone", "own");
  writeAddress(parameters);
}

function isPeriod(name: string): name is PeriodName {
  return Object.hasOwn(PERIODS, name);
}
