/** One value of the API on the page: the number, or "No data" with the reason, never a zero that is none. */
import type { ReactNode } from "react";
import type { ValueStatus } from "../generated/graphql";

/** What every kind of value has: counts, durations, numbers. */
export type Answered = {
  readonly value: number | null;
  readonly status: ValueStatus;
  readonly reason: string | null;
};

/** Undefined while it is being read. */
export type Value = Answered | null | undefined;

const WORDS_FOR_STATUS: Partial<Record<ValueStatus, string>> = {
  NO_DATA: "Nothing happened yet that this could be measured on.",
  NOT_REPORTED: "No chatbot in view reports this.",
  NOT_APPLICABLE: "Does not apply to this selection.",
  INSUFFICIENT_SAMPLE: "Too few cases to say.",
  SUPPRESSED: "Hidden: so few people that they could be recognised.",
  PENDING: "Still being worked out.",
};

type FigureProps = {
  readonly value: Value;
  readonly format: (value: number) => string;
  readonly size?: "hero" | "large" | "body";
  readonly name: string;
};

/** `name` is the metric's name in the API; tests and drill-downs find the figure by it. */
export function Figure({ value, format, size = "body", name }: FigureProps) {
  if (value === undefined) return <span className={`figure figure-${size} waiting`} aria-hidden="true" />;
  if (value === null || value.value === null) return <NoData value={value} size={size} name={name} />;
  return (
    <span className={`figure figure-${size} number`} data-metric={name} data-value={value.value}>
      {format(value.value)}
    </span>
  );
}

function NoData({ value, size, name }: { value: Answered | null; size: string; name: string }) {
  return (
    <span className={`figure figure-${size} no-data`} data-metric={name} data-status={value?.status}>
      No data
      {size === "body" && <span className="unseen">: {reasonOf(value)}</span>}
    </span>
  );
}

type StatProps = FigureProps & { readonly size: "hero" | "large"; readonly note?: ReactNode };

/** A figure that stands for itself: what it is below the number, and why there is none where there is none. */
export function Stat({ note, ...figure }: StatProps) {
  const { value } = figure;
  return (
    <div>
      <Figure {...figure} />
      <p className="card-note">{note}</p>
      {value !== undefined && (value === null || value.value === null) && (
        <p className="card-note no-data-reason">{reasonOf(value)}</p>
      )}
    </div>
  );
}

export function reasonOf(value: Answered | null): string {
  return value?.reason ?? WORDS_FOR_STATUS[value?.status ?? "NO_DATA"] ?? "There is no value for this selection.";
}
