import { browserZone } from "../design/address";
import type { CatalogueQuery, Dimension, MetricName } from "../generated/graphql";
import { PERIODS, type Asked, type PeriodName } from "./selection";
import type { Metric } from "./values";

const FAMILIES = {
  ADOPTION: "Use",
  RESOLUTION: "Resolution",
  QUALITY: "Quality",
  RELIABILITY: "Speed and reliability",
  COST: "Cost",
  BUSINESS: "Business",
} as const satisfies Record<Metric["family"], string>;

type Props = {
  readonly catalogue: CatalogueQuery | undefined;
  readonly metric: Metric | undefined;
  readonly asked: Asked;
  readonly change: (change: Partial<Asked>) => void;
};

export function Controls({ catalogue, metric, asked, change }: Props) {
  return (
    <form className="controls explore-controls" onSubmit={(event) => event.preventDefault()}>
      <label className="wide">
        <span>Metric</span>
        <select value={asked.metric} onChange={(event) => change(withMetric(catalogue, asked, event.target.value as MetricName))}>
          {!catalogue && <option value={asked.metric}>…</option>}
          {Object.entries(FAMILIES).map(([family, title]) => (
            <optgroup key={family} label={title}>
              {drawable(catalogue).filter((one) => one.family === family).map((one) => (
                <option key={one.metric} value={one.metric}>
                  {one.title}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label>
        <span>Split by</span>
        <select value={asked.by ?? ""} onChange={(event) => change({ by: (event.target.value || null) as Dimension | null })}>
          <option value="">Nothing</option>
          {splitsOf(catalogue, metric).map(({ dimension, title }) => (
            <option key={dimension} value={dimension}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Chatbot</span>
        <select value={asked.chatbot ?? ""} onChange={(event) => change({ chatbot: event.target.value || null })}>
          <option value="">All chatbots</option>
          {catalogue?.chatbots.nodes.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Time zone</span>
        <select value={String(asked.ownZone)} onChange={(event) => change({ ownZone: event.target.value === "true" })}>
          <option value="false">Workspace: {catalogue?.workspace.timeZone ?? "…"}</option>
          <option value="true">This browser: {browserZone()}</option>
        </select>
      </label>
      <PeriodChoice period={asked.period} change={change} />
    </form>
  );
}

function PeriodChoice({ period, change }: { period: PeriodName; change: Props["change"] }) {
  return (
    <fieldset className="segments">
      <legend className="unseen">Period</legend>
      {Object.entries(PERIODS).map(([name, { name: title }]) => (
        <label key={name}>
          <input type="radio" name="period" checked={name === period} onChange={() => change({ period: name as PeriodName })} />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Distributions have no line of values. */
function drawable(catalogue: CatalogueQuery | undefined): readonly Metric[] {
  return catalogue?.metricDefinitions.filter((one) => one.unit !== "BINS") ?? [];
}

function splitsOf(catalogue: CatalogueQuery | undefined, metric: Metric | undefined) {
  return catalogue?.dimensionDefinitions.filter(({ dimension }) => metric?.dimensions.includes(dimension)) ?? [];
}

/** A split that the new metric does not have is taken back, instead of an error. */
function withMetric(catalogue: CatalogueQuery | undefined, asked: Asked, metric: MetricName): Partial<Asked> {
  const next = catalogue?.metricDefinitions.find((one) => one.metric === metric);
  return { metric, by: asked.by && next?.dimensions.includes(asked.by) ? asked.by : null };
}
