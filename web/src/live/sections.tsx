/** The cards of the Live page, each a plain rendering of named figures. */
import type { LiveCalendarQuery, LiveNowQuery, LivePeriodQuery, ComparedCountFragment } from "../generated/graphql";
import { formatCount, formatDecimal, formatDuration, formatShare } from "../design/format";
import { Card } from "../design/card";
import { Figure, Stat, type Value } from "../design/figure";

type NowTotals = NonNullable<LiveNowQuery["now"]>["totals"];
type PeriodTotals = NonNullable<LivePeriodQuery["period"]>["totals"];

export function RightNow({ totals }: { totals: NowTotals | undefined }) {
  return (
    <Card title="Active right now" area="area-now">
      <Stat
        name="activeSessions"
        value={totals?.activeSessions}
        format={formatCount}
        size="hero"
        note="conversations with activity in the last 5 minutes"
      />
      <dl className="rows">
        <div>
          <dt>Open, not closed yet</dt>
          <dd>
            <Figure name="openSessions" value={totals?.openSessions} format={formatCount} />
          </dd>
        </div>
        <div>
          <dt>Started in the last 24 hours</dt>
          <dd>
            <Figure name="sessions" value={totals?.sessions} format={formatCount} />
          </dd>
        </div>
      </dl>
    </Card>
  );
}

const CALENDAR = [
  { key: "today", title: "Today", before: "yesterday by now" },
  { key: "week", title: "This week", before: "last week by now" },
  { key: "month", title: "This month", before: "last month by now" },
  { key: "year", title: "This year", before: "last year by now" },
] as const;

export type CalendarAnswers = Partial<Record<keyof LiveCalendarQuery | "today", { totals: { sessions: ComparedCountFragment | null } } | null>>;

export function SessionTotals({ answers }: { answers: CalendarAnswers }) {
  return (
    <ul className="strip">
      {CALENDAR.map(({ key, title, before }) => {
        const sessions = answers[key]?.totals.sessions;
        return (
          <li key={key} className="card" data-range={key}>
            <h3>{title}</h3>
            <Stat
              name="sessions"
              value={sessions}
              format={formatCount}
              size="large"
              note={sessions && <Change value={sessions} before={before} />}
            />
          </li>
        );
      })}
    </ul>
  );
}

function Change({ value, before }: { value: ComparedCountFragment; before: string }) {
  if (value.changeRatio === null) return value.previous === 0 ? `None ${before}` : "Nothing earlier to compare with";
  if (value.changeRatio === 0) return `The same as ${before}`;
  const grew = value.changeRatio > 0;
  return (
    <>
      <span className="change number">
        <span aria-hidden="true">{grew ? "▲" : "▼"}</span> {formatShare(Math.abs(value.changeRatio))}
      </span>{" "}
      {grew ? "more" : "fewer"} than {before}
    </>
  );
}

const PERCENTILES = [
  { name: "responseTimeP50", label: "p50", meaning: "half are faster" },
  { name: "responseTimeP90", label: "p90", meaning: "9 in 10 are faster" },
  { name: "responseTimeP95", label: "p95", meaning: "19 in 20 are faster" },
  { name: "responseTimeP99", label: "p99", meaning: "99 in 100 are faster" },
] as const;

export function ResponseTimes({ totals }: { totals: PeriodTotals | undefined }) {
  const longest = totals?.responseTimeP99?.value ?? 0;
  return (
    <Card title="Response time" about="From the first unanswered message to the first byte of the bot's reply">
      <Stat
        name="averageResponseTime"
        value={totals?.averageResponseTime}
        format={formatDuration}
        size="large"
        note={describeBasis(totals?.averageResponseTime?.n)}
      />
      <dl className="bars">
        {PERCENTILES.map(({ name, label, meaning }) => (
          <div key={name}>
            <dt>
              {label} <span className="muted">{meaning}</span>
            </dt>
            <dd>
              <Figure name={name} value={totals?.[name]} format={formatDuration} />
            </dd>
            <Bar share={longest > 0 ? (totals?.[name]?.value ?? 0) / longest : 0} />
          </div>
        ))}
      </dl>
    </Card>
  );
}

export function Conversations({ totals }: { totals: PeriodTotals | undefined }) {
  return (
    <Card title="Length of a conversation" about="Messages of people and bots, and the time from first to last activity">
      <div className="pair">
        <Stat
          name="messagesPerSession"
          value={totals?.messagesPerSession}
          format={formatDecimal}
          size="large"
          note="messages per session"
        />
        <Stat
          name="averageSessionDuration"
          value={totals?.averageSessionDuration}
          format={formatDuration}
          size="large"
          note="average duration"
        />
      </div>
      <dl className="rows">
        <div>
          <dt>Messages of the visitor only</dt>
          <dd>
            <Figure name="userMessagesPerSession" value={totals?.userMessagesPerSession} format={formatDecimal} />
          </dd>
        </div>
        <div>
          <dt>Median duration</dt>
          <dd>
            <Figure name="medianSessionDuration" value={totals?.medianSessionDuration} format={formatDuration} />
          </dd>
        </div>
        <div>
          <dt>Open sessions left out of both</dt>
          <dd>
            <Figure name="openExcluded" value={totals?.openExcluded} format={formatCount} />
          </dd>
        </div>
      </dl>
    </Card>
  );
}

export function Visitors({ totals }: { totals: PeriodTotals | undefined }) {
  const fresh = totals?.newVisitors?.value ?? 0;
  const returning = totals?.returningUsers?.value ?? 0;
  const sum = fresh + returning;
  return (
    <Card title="Visitors" about="Each counted once over the whole period">
      <Stat
        name="uniqueVisitors"
        value={totals?.uniqueVisitors}
        format={formatCount}
        size="large"
        note="unique visitors"
      />
      <div className="split" aria-hidden="true">
        {sum === 0 && <i className="fill-none" style={{ flexGrow: 1 }} />}
        {fresh > 0 && <i className="fill-new" style={{ flexGrow: fresh }} />}
        {returning > 0 && <i className="fill-returning" style={{ flexGrow: returning }} />}
      </div>
      <dl className="rows">
        <VisitorRow mark="new" label="New" name="newVisitors" value={totals?.newVisitors} sum={sum} />
        <VisitorRow mark="returning" label="Returning" name="returningUsers" value={totals?.returningUsers} sum={sum} />
        <div>
          <dt>Wrote at least one message</dt>
          <dd>
            <Figure name="uniqueUsers" value={totals?.uniqueUsers} format={formatCount} />
          </dd>
        </div>
      </dl>
    </Card>
  );
}

type VisitorRowProps = { mark: string; label: string; name: string; value: Value; sum: number };

function VisitorRow({ mark, label, name, value, sum }: VisitorRowProps) {
  return (
    <div>
      <dt>
        <span className={`mark fill-${mark}`} aria-hidden="true" /> {label}
      </dt>
      <dd>
        <Figure name={name} value={value} format={formatCount} />{" "}
        <span className="muted number">{sum > 0 && value?.value != null ? formatShare(value.value / sum) : ""}</span>
      </dd>
    </div>
  );
}

function describeBasis(replies: number | null | undefined): string {
  return replies ? `average of ${formatCount(replies)} ${replies === 1 ? "reply" : "replies"}` : "average";
}

function Bar({ share }: { share: number }) {
  return (
    <svg className="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect className="bar-track" width="100" height="4" />
      <rect className="bar-fill" width={Math.min(100, 100 * share)} height="4" />
    </svg>
  );
}
