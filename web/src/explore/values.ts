/** How a value of any metric is written, by its unit. */
import { formatCount, formatDecimal, formatDuration } from "../design/format";
import type { CatalogueQuery } from "../generated/graphql";

export type Metric = CatalogueQuery["metricDefinitions"][number];

const locale = navigator.language;

export function writerOf(metric: Metric, currency: string): (value: number) => string {
  switch (metric.unit) {
    case "COUNT":
      return formatCount;
    case "SHARE": {
      const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
      return (value) => percent.format(value);
    }
    case "SECONDS":
      return formatDuration;
    case "MONEY": {
      const money = new Intl.NumberFormat(locale, { style: "currency", currency, maximumSignificantDigits: 6 });
      return (value) => money.format(value);
    }
    default:
      return formatDecimal;
  }
}

type Compared = { readonly value: number | null; readonly previous: number | null; readonly changeRatio: number | null };

/** Of a share in points, as "+3 %" of 79 % would be read as 82 %; of everything else as a ratio. */
export function writeDifference(metric: Metric, { value, previous, changeRatio }: Compared): string {
  if (metric.unit === "SHARE" && value !== null && previous !== null) return `${points.format((value - previous) * 100)} points`;
  return changeRatio === null ? "–" : writeChange(changeRatio);
}

/** A difference with its sign: of a share in points. */
export function pointsOf(metric: Metric, write: (value: number) => string, difference: number): string {
  if (metric.unit === "SHARE") return `${points.format(difference * 100)} points`;
  return difference < 0 ? `−${write(-difference)}` : `+${write(difference)}`;
}

const points = new Intl.NumberFormat(locale, { signDisplay: "exceptZero", maximumFractionDigits: 1 });

export function writeChange(ratio: number): string {
  const percent = new Intl.NumberFormat(locale, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 1 });
  return percent.format(ratio);
}

/** Whether a change is for the better; undefined where neither way is, and where it is too small to be written. */
export function isBetter(metric: Metric, ratio: number): boolean | undefined {
  if (metric.direction === "NEUTRAL" || Math.abs(ratio) < 0.0005) return undefined;
  return metric.direction === "HIGHER_IS_BETTER" ? ratio > 0 : ratio < 0;
}
