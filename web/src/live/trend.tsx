/** Sessions by hour: a chart, the same in a sentence, and the same in a table. */
import { useEffect, useRef, useState } from "react";
import { formatCount, formatDayAndHour } from "../design/format";
import { useTheme } from "../design/theme";
import type { LiveNowQuery } from "../generated/graphql";
import { Card } from "../design/card";
import { readHours, summariseHours, type Hour } from "./hours";
import type { TrendChart } from "./trend-chart";

export function Trend({ now }: { now: LiveNowQuery["now"] | undefined }) {
  const [tabular, setTabular] = useState(false);
  const hours = now ? readHours(now) : [];
  const timeZone = now?.timeZone ?? "UTC";
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
        <Chart hours={hours} timeZone={timeZone} label={`Line chart of sessions by hour. ${summary}`} />
      )}
    </Card>
  );
}

type ChartProps = { readonly hours: readonly Hour[]; readonly timeZone: string; readonly label: string };

/** The chart library is fetched only here, after the figures are on the page. */
function Chart({ hours, timeZone, label }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<TrendChart>();
  const theme = useTheme();

  useEffect(() => {
    let opened: TrendChart | undefined;
    let left = false;
    void import("./trend-chart").then(({ openTrendChart }) => {
      if (left || !place.current) return;
      opened = openTrendChart(place.current);
      setChart(opened);
    });
    return () => {
      left = true;
      opened?.close();
    };
  }, []);

  useEffect(() => (hours.length > 0 ? chart?.draw(hours, timeZone) : undefined), [chart, hours, timeZone, theme]);

  return <div className="trend-chart" ref={place} role="img" aria-label={label} />;
}

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
