/** What moved the number since the period before: the groups that contribute most, and whether they or the mix changed. */
import { usePolled } from "../api/polled";
import { Card } from "../design/card";
import { ChangeDocument, type ChangeQuery, type ChangeQueryVariables } from "../generated/graphql";
import { pointsOf, type Metric } from "./values";

type Explained = NonNullable<ChangeQuery["explainChange"]>;
type Group = Explained["groups"][number];

const EVERY_S = 60;
const seldom = () => EVERY_S;

type Props = {
  readonly metric: Metric;
  readonly dimension: string;
  readonly view: ChangeQueryVariables;
  readonly write: (value: number) => string;
};

export function Change({ metric, dimension, view, write }: Props) {
  const { data, problem } = usePolled(ChangeDocument, view, seldom);
  const explained = data?.explainChange ?? undefined;
  const signed = (value: number) => pointsOf(metric, write, value);
  return (
    <Card
      title={`What changed it, by ${dimension.toLowerCase()}`}
      about={problem ? problem.message : describe(explained, signed)}
      area="area-change"
    >
      {explained && explained.groups.some(({ contribution }) => contribution !== null) && (
        <ChangeTable explained={explained} dimension={dimension} signed={signed} />
      )}
    </Card>
  );
}

function describe(explained: Explained | undefined, signed: (value: number) => string): string {
  if (!explained) return "Reading the change…";
  const { change } = explained.figure;
  if (change === null) return "There is no value in one of the two periods.";
  const { rateEffect, mixEffect } = explained;
  if (!rateEffect || !mixEffect) return `${signed(change)} since the period before.`;
  const turned = explained.reversal ? " Every group moved the other way than the whole: only the mix changed." : "";
  return `${signed(change)} since the period before: ${signed(rateEffect.value)} by the groups themselves, ${signed(mixEffect.value)} by their mix.${turned}`;
}

type TableProps = { readonly explained: Explained; readonly dimension: string; readonly signed: (value: number) => string };

function ChangeTable({ explained, dimension, signed }: TableProps) {
  const most = Math.max(...explained.groups.map(({ contribution }) => Math.abs(contribution?.value ?? 0)));
  const ofRatio = explained.rateEffect !== null;
  return (
    <div className="groups-table" tabIndex={0} role="region" aria-label={`What changed it, by ${dimension}, table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{dimension}</th>
            <th scope="col">Adds</th>
            {ofRatio && <th scope="col">By itself</th>}
            {ofRatio && <th scope="col">By the mix</th>}
          </tr>
        </thead>
        <tbody>
          {explained.groups.map((group) => (
            <Row key={group.key.map(({ label }) => label).join(", ")} group={group} most={most} ofRatio={ofRatio} signed={signed} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = { readonly group: Group; readonly most: number; readonly ofRatio: boolean; readonly signed: (value: number) => string };

/** The bar grows from the middle: to the right what raised the number, to the left what lowered it. */
function Row({ group, most, ofRatio, signed }: RowProps) {
  const value = group.contribution?.value ?? null;
  const length = most > 0 && value !== null ? (Math.abs(value) / most) * 50 : 0;
  const told = (part: { readonly value: number } | null) => (part === null ? "–" : signed(part.value));
  return (
    <tr>
      <th scope="row">
        {group.key.map(({ label }) => label).join(", ")}
        <svg className="bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
          <rect className="bar-track" width="100" height="1" />
          <rect className="bar-fill" x={value !== null && value < 0 ? 50 - length : 50} width={length} height="1" />
        </svg>
      </th>
      <td className="number" data-contribution={value ?? ""}>
        {told(group.contribution)}
      </td>
      {ofRatio && <td className="number muted">{told(group.rateEffect)}</td>}
      {ofRatio && <td className="number muted">{told(group.mixEffect)}</td>}
    </tr>
  );
}
