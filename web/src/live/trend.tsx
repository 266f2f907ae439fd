/** Sessions by hour: a chart, the same in a sentence, and the same in a table. */
import { useMemo, useState } from "react";
import { formatCount, formatDayAndHour } from "../design/format";
import type { LiveNowQuery } from "../generated/graphql";
import { Card } from "../design/card";
import { ChartPlace } from "../design/chart-place";
import { readHours, summariseHours, type Hour } from "./hours";

export function Trend({ now }: { now: LiveNowQuery["now"] | undefined }) {
  const [tabular, setTabular] = useState(false);
  const drawing = useMemo(() => ({ hours: now ? readHours(now) : [], timeZone: now?.timeZone ?? "UTC" }), [now]);
  const { hours, timeZone } = drawing;
  const summary = now ? summariseHours(hours, timeZone) : "";
  return (
    <Card
      title="Sessions, last 24 hours by hour"
      about={summary}
      area="area-trend"
      action={
        <button type="button" className="quiet" aria-pressed={tabular} onClick={() => setTabular(!tabular)}>
          Table
        </button>
      }
    >
      {tabular ? (
        <HourTable hours={hours} timeZone={timeZone} />
      ) : (
        <ChartPlace open={open} drawing={drawing} empty={hours.length === 0} label={`Line chart of sessions by hour. ${summary}`} />
      )}
    </Card>
  );
}

const open = () => import("./trend-chart").then(({ openTrendChart }) => openTrendChart);

function HourTable({ hours, timeZone }: { hours: readonly Hour[]; timeZone: string }) {
  return (
    <div className="trend-table" tabIndex={0} role="region" aria-label="Sessions by hour, table">
      <table>
        <caption className="unseen">Sessions by hour, {timeZone}</caption>
        <thead>
          <tr>
            <th scope="col">Hour from</th>
            <th scope="col">Sessions</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {hours.map((hour) => (
            <tr key={hour.start}>
              <th scope="row">{formatDayAndHour(hour.start, timeZone)}</th>
              <td className="number">{hour.sessions === null ? "No data" : formatCount(hour.sessions)}</td>
              <td className="muted">{hour.complete ? "whole hour" : "part of an hour"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
