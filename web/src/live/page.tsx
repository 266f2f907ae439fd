/** The Live page: what is going on right now, and how today compares. */
import { useMemo } from "react";
import { usePolled } from "../api/polled";
import { browserZone } from "../design/address";
import { formatClock, formatCount } from "../design/format";
import {
  LiveCalendarDocument,
  LiveNowDocument,
  LivePeriodDocument,
  WorkspaceDocument,
  type LiveNowQuery,
  type LivePeriodQuery,
  type WorkspaceQuery,
} from "../generated/graphql";
import { Segments } from "../design/choices";
import { ViewControls } from "./controls";
import "../design/layout.css";
import { Conversations, ResponseTimes, RightNow, SessionTotals, Visitors, type CalendarAnswers } from "./sections";
import { PERIODS, useSelection, type PeriodName, type Selection } from "./selection";
import { NoPermission, Trouble } from "../design/states";
import { FirstEvent } from "./first-event";
import { Trend } from "./trend";

const LIVE_EVERY_S = 5;
const SLOW_EVERY_S = 15;
const often = () => LIVE_EVERY_S;
const seldom = () => SLOW_EVERY_S;
/** An empty workspace is watched closely: it shall light up when the first event arrives. */
const untilLit = (latest: WorkspaceQuery | undefined) => (latest?.chatbots.nodes.length ? SLOW_EVERY_S : LIVE_EVERY_S);

export function LivePage() {
  const [selection, change] = useSelection();
  const view = useMemo(() => viewVariables(selection), [selection.chatbot, selection.ownZone]);
  const workspace = usePolled(WorkspaceDocument, NO_VARIABLES, untilLit);
  const now = usePolled(LiveNowDocument, view, often);
  const period = usePolled(LivePeriodDocument, { ...view, period: PERIODS[selection.period].range }, often);
  const calendar = usePolled(LiveCalendarDocument, view, seldom);

  const problems = [now, workspace, period, calendar].flatMap((polled) => polled.problem ?? []);
  const problem = problems.find(({ kind }) => kind === "forbidden") ?? problems[0];
  const shown = problem?.kind === "forbidden" ? "forbidden" : workspace.data?.chatbots.nodes.length === 0 ? "empty" : "figures";
  const answers = { ...calendar.data, ...(now.data ? { today: now.data.today } : {}) };
  return (
    <main className="page" aria-busy={!now.data && !problem}>
      <div className="page-head">
        <div>
          <h1>Live</h1>
          <Freshness now={now.data?.now} workspace={workspace.data?.workspace.name} />
        </div>
        {shown === "figures" && <ViewControls workspace={workspace.data} selection={selection} change={change} />}
      </div>
      {shown === "forbidden" && <NoPermission message={problem?.message ?? ""} />}
      {shown === "empty" && <FirstEvent />}
      {shown === "figures" && (
        <>
          {problem && <Trouble problem={problem} stale={now.data !== undefined} />}
          <Summary now={now.data} />
          {(now.data || !problem) && <Now now={now.data?.now} answers={answers} />}
          {(period.data || !problem) && (
            <Period totals={period.data?.period?.totals} period={selection.period} change={change} />
          )}
        </>
      )}
    </main>
  );
}

type NowProps = { readonly now: LiveNowQuery["now"] | undefined; readonly answers: CalendarAnswers };

function Now({ now, answers }: NowProps) {
  return (
    <>
      <section aria-labelledby="right-now">
        <h2 id="right-now" className="unseen">
          Right now
        </h2>
        <div className="now-grid">
          <RightNow totals={now?.totals} />
          <Trend now={now} />
        </div>
      </section>
      <section aria-labelledby="sessions-so-far">
        <h2 id="sessions-so-far">Sessions so far</h2>
        <SessionTotals answers={answers} />
      </section>
    </>
  );
}

type PeriodProps = {
  readonly totals: NonNullable<LivePeriodQuery["period"]>["totals"] | undefined;
  readonly period: PeriodName;
  readonly change: (change: Partial<Selection>) => void;
};

function Period({ totals, period, change }: PeriodProps) {
  return (
    <section aria-labelledby="how-they-go">
      <div className="section-head">
        <h2 id="how-they-go">How conversations go</h2>
        <Segments legend="Period" options={PERIODS} chosen={period} choose={(name) => change({ period: name })} />
      </div>
      <div className="period-grid">
        <ResponseTimes totals={totals} />
        <Conversations totals={totals} />
        <Visitors totals={totals} />
      </div>
    </section>
  );
}

const NO_VARIABLES = {};

function viewVariables({ chatbot, ownZone }: Selection) {
  return {
    filter: chatbot ? { chatbot: { in: [chatbot] } } : null,
    timeZone: ownZone ? browserZone() : null,
  };
}

function Freshness({ now, workspace }: { now: LiveNowQuery["now"] | undefined; workspace: string | undefined }) {
  if (!now) return <p className="muted">{workspace ?? "Reading the figures…"}</p>;
  return (
    <p className="muted number">
      {workspace} · as of {formatClock(now.asOf, now.timeZone)}, {now.timeZone} · every {LIVE_EVERY_S} s
    </p>
  );
}

function Summary({ now }: { now: LiveNowQuery | undefined }) {
  const active = now?.now?.totals.activeSessions?.value;
  const open = now?.now?.totals.openSessions?.value;
  const today = now?.today?.totals.sessions?.value;
  if (active == null || open == null || today == null) return null;
  return (
    <p className="unseen">
      {say(active, "conversation is", "conversations are")} active, {say(open, "is", "are")} open.{" "}
      {say(today, "session", "sessions")} started today.
    </p>
  );
}

function say(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
