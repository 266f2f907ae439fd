/** The hourly series of the Live page, and the sentence that says the same in words. */
import { formatCount, formatHour } from "../design/format";
import type { LiveNowQuery } from "../generated/graphql";

export type Hour = {
  readonly start: string;
  readonly complete: boolean;
  readonly sessions: number | null;
};

export function readHours(now: NonNullable<LiveNowQuery["now"]>): readonly Hour[] {
  const values = now.series.sessions?.values ?? [];
  return now.series.buckets.map(({ start, complete }, index) => ({ start, complete, sessions: values[index] ?? null }));
}

export function summariseHours(hours: readonly Hour[], timeZone: string): string {
  const whole = hours.filter((hour) => hour.complete && hour.sessions !== null);
  const busiest = extreme(whole, (a, b) => a > b);
  const quietest = extreme(whole, (a, b) => a < b);
  if (!busiest || !quietest) return "There is no whole hour to describe yet.";
  if (busiest.sessions === 0) return "No session started in any whole hour.";
  const last = hours.at(-1);
  const unfinished = last && !last.complete ? ` The current hour is unfinished, with ${count(last)} so far.` : "";
  return `Busiest hour ${at(busiest, timeZone)} with ${count(busiest)}, quietest ${at(quietest, timeZone)} with ${count(quietest)}.${unfinished}`;
}

function extreme(hours: readonly Hour[], beats: (a: number, b: number) => boolean): Hour | undefined {
  return hours.reduce<Hour | undefined>(
    (best, hour) => (best === undefined || beats(hour.sessions ?? 0, best.sessions ?? 0) ? hour : best),
    undefined,
  );
}

function at(hour: Hour, timeZone: string): string {
  return formatHour(hour.start, timeZone);
}

function count(hour: Hour): string {
  return formatCount(hour.sessions ?? 0);
}
