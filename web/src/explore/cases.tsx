/** The sessions that the number is made of, by the same predicate as the number itself. */
import { useState } from "react";
import { usePolled } from "../api/polled";
import { Card } from "../design/card";
import { formatCount, formatDuration, formatMoment } from "../design/format";
import { CasesDocument, type CasePart, type CasesQuery, type CasesQueryVariables } from "../generated/graphql";
import type { Metric } from "./values";

type Explained = NonNullable<CasesQuery["explainMetric"]>;
type Case = Explained["sessions"]["nodes"][number];

const EVERY_S = 60;
const seldom = () => EVERY_S;

type Props = { readonly metric: Metric; readonly view: Omit<CasesQueryVariables, "part"> };

export function Cases({ metric, view }: Props) {
  const [part, choose] = useState<CasePart>("ALL");
  const splits = metric.unit === "SHARE";
  const { data, problem } = usePolled(CasesDocument, { ...view, part: splits ? part : "ALL" }, seldom);
  const explained = data?.explainMetric ?? undefined;
  return (
    <Card
      title="Sessions behind it"
      about={problem ? problem.message : describe(explained)}
      area="area-cases"
      action={splits && <PartChoice part={part} choose={choose} />}
    >
      {explained && explained.sessions.nodes.length > 0 && <CaseTable explained={explained} metric={metric} />}
    </Card>
  );
}

function describe(explained: Explained | undefined): string {
  if (!explained) return "Reading the sessions…";
  if (explained.sessionCount === null) return "Hidden: so few people that they could be recognised.";
  const shown = explained.sessions.nodes.length;
  if (explained.sessionCount === 0) return "No session.";
  return shown < explained.sessionCount
    ? `The newest ${shown} of ${formatCount(explained.sessionCount)} sessions.`
    : `${formatCount(explained.sessionCount)} ${explained.sessionCount === 1 ? "session" : "sessions"}.`;
}

const PARTS = { ALL: "All", NUMERATOR: "Counted", REST: "Not counted" } as const satisfies Record<CasePart, string>;

function PartChoice({ part, choose }: { part: CasePart; choose: (part: CasePart) => void }) {
  return (
    <fieldset className="segments">
      <legend className="unseen">Which sessions</legend>
      {Object.entries(PARTS).map(([name, title]) => (
        <label key={name}>
          <input type="radio" name="part" checked={name === part} onChange={() => choose(name as CasePart)} />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  );
}

function CaseTable({ explained, metric }: { explained: Explained; metric: Metric }) {
  return (
    <div className="groups-table cases-table" tabIndex={0} role="region" aria-label={`Sessions behind ${metric.title}, table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">Started</th>
            <th scope="col">Channel</th>
            <th scope="col">Outcome</th>
            <th scope="col">Length</th>
            <th scope="col">Adds</th>
          </tr>
        </thead>
        <tbody>
          {explained.sessions.nodes.map((one) => (
            <Row key={one.session.id} one={one} timeZone={explained.timeZone} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ one: { session, numerator, denominator }, timeZone }: { one: Case; timeZone: string }) {
  return (
    <tr>
      <th scope="row">
        <code>{session.sessionId}</code>
      </th>
      <td>{formatMoment(session.startedAt, timeZone)}</td>
      <td>{say(session.channel)}</td>
      <td>{say(session.outcome)}</td>
      <td className="number">{formatDuration(session.durationSeconds)}</td>
      <td className="number" data-numerator={numerator ?? ""} data-denominator={denominator ?? ""}>
        {numerator === null ? "–" : numbers.format(numerator)}
        {denominator === null ? "" : ` of ${formatCount(denominator)}`}
      </td>
    </tr>
  );
}

const numbers = new Intl.NumberFormat(navigator.language, { maximumFractionDigits: 2 });

const PROPER: Record<string, string> = { WHATSAPP: "WhatsApp", SMS: "SMS" };

/** RESOLVED_CONFIRMED as "Resolved confirmed". */
function say(name: string | null): string {
  if (name === null) return "Unknown";
  if (PROPER[name]) return PROPER[name];
  const words = name.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
