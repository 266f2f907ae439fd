import { ChatbotChoice, Segments, ZoneChoice } from "../design/choices";
import type { CatalogueQuery, Dimension, MetricName } from "../generated/graphql";
import { PERIODS, type Asked } from "./selection";
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
      <ChatbotChoice chatbots={catalogue?.chatbots.nodes} chosen={asked.chatbot} choose={(chatbot) => change({ chatbot })} />
      <ZoneChoice workspaceZone={catalogue?.workspace.timeZone} own={asked.ownZone} choose={(ownZone) => change({ ownZone })} />
      <Segments legend="Period" options={PERIODS} chosen={asked.period} choose={(period) => change({ period })} />
    </form>
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
