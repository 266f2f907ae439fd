/** The metric by what it is split by, as a table with bars; the rest stands last. */
import { Card } from "../design/card";
import { formatCount } from "../design/format";
import type { ExploreQuery } from "../generated/graphql";
import { reasonOf } from "../design/figure";
import { writeDifference, type Metric } from "./values";

type Answer = NonNullable<ExploreQuery["figures"]>;
type Group = NonNullable<Answer["groups"]>[number];

type Props = {
  readonly metric: Metric;
  readonly dimension: string;
  readonly answer: Answer;
  readonly write: (value: number) => string;
};

export function Groups({ metric, dimension, answer, write }: Props) {
  const groups = answer.groups ?? [];
  const most = Math.max(0, ...groups.map((group) => group.figures[0]?.value ?? 0));
  const about = answer.overlap ? "A session can stand in several rows, so they do not sum to the total." : undefined;
  return (
    <Card title={`${metric.title} by ${dimension.toLowerCase()}`} {...(about ? { about } : {})} area="area-groups">
      {groups.length === 0 ? (
        <p className="muted">Nothing of this kind happened in the period.</p>
      ) : (
        <div className="groups-table" tabIndex={0} role="region" aria-label={`${metric.title} by ${dimension}, table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{dimension}</th>
                <th scope="col">Value</th>
                <th scope="col">{metric.unit === "COUNT" ? "Share" : "Cases"}</th>
                <th scope="col">Change</th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <Row key={nameOf(group, answer)} name={nameOf(group, answer)} group={group} metric={metric} most={most} write={write} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

type RowProps = Pick<Props, "metric" | "write"> & { readonly name: string; readonly group: Group; readonly most: number };

function Row({ name, group, metric, most, write }: RowProps) {
  const figure = group.figures[0];
  const value = figure?.value ?? null;
  const width = most > 0 && value !== null ? Math.max(0, value / most) * 100 : 0;
  return (
    <tr>
      <th scope="row">
        {name}
        <svg className="bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
          <rect className="bar-track" width="100" height="1" />
          <rect className="bar-fill" width={width} height="1" />
        </svg>
      </th>
      <td className="number" data-value={value ?? ""}>
        {value === null ? <abbr title={reasonOf(figure ?? null)}>No data</abbr> : write(value)}
      </td>
      <td className="number muted">{metric.unit === "COUNT" ? writeShare(figure?.share) : writeCases(figure?.n)}</td>
      <td className="number muted">{figure ? writeDifference(metric, figure) : "–"}</td>
    </tr>
  );
}

const shares = new Intl.NumberFormat(navigator.language, { style: "percent", maximumFractionDigits: 1 });

function writeShare(share: number | null | undefined): string {
  return share == null ? "–" : shares.format(share);
}

function writeCases(n: number | null | undefined): string {
  return n == null ? "–" : formatCount(n);
}

export function nameOf(group: Group, answer: Answer): string {
  const label = group.key.map((part) => part.label).join(", ");
  if (!group.other) return label;
  const rest = (answer.groupCount ?? 0) - (answer.groups?.length ?? 0) + 1;
  return `${label} (${formatCount(rest)} more)`;
}
