/** The metric over the whole period: its value, what it is made of, how sure it is, and how it was before. */
import { Card } from "../design/card";
import { formatCount } from "../design/format";
import type { ExploreFigureFragment } from "../generated/graphql";
import { Stat } from "../design/figure";
import { isBetter, writeDifference, type Metric } from "./values";

type Props = {
  readonly metric: Metric;
  readonly figure: ExploreFigureFragment | undefined;
  readonly write: (value: number) => string;
};

export function Headline({ metric, figure, write }: Props) {
  return (
    <Card title={metric.title} about={metric.definition} area="area-headline">
      <Stat value={figure} format={write} size="hero" name={metric.metric} note={figure ? <Change metric={metric} figure={figure} write={write} /> : ""} />
      <dl className="rows">
        {figure?.denominator != null && figure.numerator != null && metric.unit === "SHARE" && (
          <Row name="That is" value={`${formatCount(figure.numerator)} of ${formatCount(figure.denominator)}`} />
        )}
        {figure?.interval && (
          <Row name="95 % interval" value={`${write(figure.interval.lower)} to ${write(figure.interval.upper)}`} />
        )}
        {figure?.n != null && metric.unit !== "SHARE" && metric.unit !== "COUNT" && (
          <Row name="Cases behind it" value={formatCount(figure.n)} />
        )}
        {figure?.reason && figure.value !== null && <Row name="Note" value={figure.reason} />}
      </dl>
    </Card>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}

function Change({ metric, figure, write }: { metric: Metric; figure: ExploreFigureFragment; write: Props["write"] }) {
  if (figure.previous == null) return "Nothing to compare with in the period before.";
  if (figure.changeRatio == null) return `${write(figure.previous)} in the period before.`;
  const difference = writeDifference(metric, figure);
  const better = difference.startsWith("0") ? undefined : isBetter(metric, figure.changeRatio);
  const judged = better === undefined ? "" : better ? ", which is better" : ", which is worse";
  return (
    <>
      <span className="change">{difference}</span> from {write(figure.previous)} in the period before
      {judged}.
    </>
  );
}
