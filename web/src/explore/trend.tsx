/** The metric over time: a chart, and the same in a table. */
import { useMemo, useState } from "react";
import { Card } from "../design/card";
import { ChartPlace } from "../design/chart-place";
import type { ExploreQuery } from "../generated/graphql";
import { nameOf } from "./groups";
import type { Line, Lines } from "./lines-chart";
import type { Metric } from "./values";

type Answer = NonNullable<ExploreQuery["figures"]>;
type Props = { readonly metric: Metric; readonly answer: Answer | undefined; readonly write: (value: number) => string };

const MOST_LINES = 5;

export function Trend({ metric, answer, write }: Props) {
  const [tabular, setTabular] = useState(false);
  const lines = useMemo(() => readLines(metric, answer, write), [metric, answer, write]);
  const action = (
    <button type="button" className="quiet" aria-pressed={tabular} onClick={() => setTabular(!tabular)}>
      Table
    </button>
  );
  return (
    <Card title={`${metric.title} over time`} about={describe(lines)} area="area-lines" action={action}>
      {tabular ? <LinesTable lines={lines} title={metric.title} /> : <ChartPlace open={open} drawing={lines} empty={lines.labels.length === 0} label={`Line chart of ${metric.title}; the button Table shows its values.`} />}
      {lines.lines.length > 1 && <Legend lines={lines.lines} />}
    </Card>
  );
}

function readLines(metric: Metric, answer: Answer | undefined, write: Props["write"]): Lines {
  const buckets = answer?.series.buckets ?? [];
  return {
    labels: buckets.map((bucket) => bucket.label.replace("T", " ").replace(/[+-]\d\d:\d\d$|Z$/, "")),
    complete: buckets.map((bucket) => bucket.complete),
    lines: answer?.groups?.length ? linesOfGroups(answer) : linesOfWhole(metric, answer),
    write,
    most: metric.unit === "SHARE" ? 1 : undefined,
  };
}

function linesOfGroups(answer: Answer): Line[] {
  const shown = (answer.groups ?? []).filter((group) => !group.other).slice(0, MOST_LINES);
  return shown.map((group) => ({ name: nameOf(group, answer), values: group.series.lines[0]?.values ?? [] }));
}

function linesOfWhole(metric: Metric, answer: Answer | undefined): Line[] {
  const line = answer?.series.lines[0];
  if (!line) return [];
  const before = line.previous ? [{ name: "Period before", values: line.previous, faint: true }] : [];
  return [{ name: metric.title, values: line.values }, ...before];
}

function describe({ labels, lines }: Lines): string {
  const first = labels[0];
  const last = labels[labels.length - 1];
  if (!first || !last) return "Reading the figures…";
  return `From ${first} to ${last}${lines.length >= MOST_LINES ? `; the first ${MOST_LINES} of the table below` : ""}.`;
}

const open = () => import("./lines-chart").then(({ openLinesChart }) => openLinesChart);

function Legend({ lines }: { lines: readonly Line[] }) {
  return (
    <ul className="legend">
      {lines.map((line, index) => (
        <li key={line.name}>
          <svg className={line.faint ? "key key-faint" : `key key-${index}`} viewBox="0 0 22 4" aria-hidden="true">
            <line x1="0" y1="2" x2="22" y2="2" />
          </svg>
          {line.name}
        </li>
      ))}
    </ul>
  );
}

function LinesTable({ lines: { labels, complete, lines, write }, title }: { lines: Lines; title: string }) {
  return (
    <div className="trend-table" tabIndex={0} role="region" aria-label={`${title} over time, table`}>
      <table>
        <caption className="unseen">{title} over time</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {lines.map((line) => (
              <th key={line.name} scope="col">
                {line.name}
              </th>
            ))}
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {labels.map((label, index) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {lines.map((line) => (
                <td key={line.name} className="number">
                  {line.values[index] == null ? "No data" : write(line.values[index])}
                </td>
              ))}
              <td className="muted">{complete[index] ? "whole" : "cut short"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
