/** The Explore page: any metric, over time and split by anything, and when the bot is busy. */
import { useMemo } from "react";
import { usePolled } from "../api/polled";
import { browserZone } from "../design/address";
import { formatClock } from "../design/format";
import {
  BusyHoursDocument,
  CatalogueDocument,
  ExploreDocument,
  type CatalogueQuery,
  type ExploreQueryVariables,
} from "../generated/graphql";
import "../design/layout.css";
import { NoPermission, Trouble } from "../design/states";
import { Busy } from "./busy";
import { Cases } from "./cases";
import { Change } from "./change";
import { Controls } from "./controls";
import { Groups } from "./groups";
import { Headline } from "./headline";
import "./page.css";
import { PERIODS, useAsked, type Asked } from "./selection";
import { Trend } from "./trend";
import { writerOf } from "./values";

const EVERY_S = 30;
const CATALOGUE_EVERY_S = 600;
const seldom = () => EVERY_S;
const rarely = () => CATALOGUE_EVERY_S;
const NO_VARIABLES = {};
const MOST_GROUPS = 12;

export function ExplorePage() {
  const [asked, change] = useAsked();
  const catalogue = usePolled(CatalogueDocument, NO_VARIABLES, rarely);
  const figures = usePolled(ExploreDocument, useMemo(() => questionOf(asked), [JSON.stringify(asked)]), seldom);
  const busy = usePolled(BusyHoursDocument, useMemo(() => hoursOf(asked), [JSON.stringify(asked)]), seldom);
  const problems = [figures, catalogue, busy].flatMap((polled) => polled.problem ?? []);
  const problem = problems.find(({ kind }) => kind === "forbidden") ?? problems[0];
  const metric = catalogue.data?.metricDefinitions.find((one) => one.metric === asked.metric);
  const answer = figures.data?.figures ?? undefined;
  const write = useMemo(() => (metric ? writerOf(metric, answer?.currency ?? "USD") : String), [metric, answer?.currency]);
  if (problem?.kind === "forbidden") return <Page asked="Explore"><NoPermission message={problem.message} /></Page>;
  return (
    <Page asked={answer ? `as of ${formatClock(answer.asOf, answer.timeZone)}, ${answer.timeZone}` : "Reading the figures…"}>
      <Controls catalogue={catalogue.data} metric={metric} asked={asked} change={change} />
      {problem && <Trouble problem={problem} stale={answer !== undefined} />}
      {metric && (answer || !problem) && (
        <section className="explore-grid" aria-labelledby="answer">
          <h2 id="answer" className="unseen">
            The answer
          </h2>
          <Headline metric={metric} figure={answer?.totals[0]} write={write} />
          <Trend metric={metric} answer={answer} write={write} />
          {asked.by && answer?.groups && (
            <Groups metric={metric} dimension={titleOf(catalogue.data, asked.by)} answer={answer} write={write} />
          )}
          {asked.by && answer?.groups && (
            <Change
              metric={metric}
              dimension={titleOf(catalogue.data, asked.by)}
              view={{ ...casesOf(asked), groupBy: [asked.by] }}
              write={write}
            />
          )}
          <Busy heatmap={busy.data?.heatmap ?? undefined} />
          <Cases key={asked.metric} metric={metric} view={casesOf(asked)} />
        </section>
      )}
    </Page>
  );
}

function Page({ asked, children }: { asked: string; children: React.ReactNode }) {
  return (
    <main className="page explore">
      <div className="page-head">
        <div>
          <h1>Explore</h1>
          <p className="muted number">{asked}</p>
        </div>
      </div>
      {children}
    </main>
  );
}

function titleOf(catalogue: CatalogueQuery | undefined, dimension: string): string {
  return catalogue?.dimensionDefinitions.find((one) => one.dimension === dimension)?.title ?? dimension;
}

function viewOf({ chatbot, ownZone }: Asked) {
  return {
    filter: chatbot ? { chatbot: { in: [chatbot] } } : null,
    timeZone: ownZone ? browserZone() : null,
  };
}

function questionOf(asked: Asked): ExploreQueryVariables {
  return {
    split: asked.by !== null,
    query: {
      ...viewOf(asked),
      metrics: [asked.metric],
      range: PERIODS[asked.period].range,
      compare: "PREVIOUS_PERIOD",
      groupBy: asked.by ? [asked.by] : null,
      limit: MOST_GROUPS,
      newTo: newTo(asked),
    },
  };
}

function newTo({ chatbot }: Asked) {
  return chatbot ? "CHATBOT" : "WORKSPACE";
}

function casesOf(asked: Asked) {
  return { ...hoursOf(asked), metric: asked.metric, newTo: newTo(asked) } as const;
}

function hoursOf(asked: Asked) {
  return { ...viewOf(asked), range: PERIODS[asked.period].range };
}
