/** When the bot is busy: sessions at each hour of the week, per occurrence of that hour, as a table of shades. */
import { Card } from "../design/card";
import type { BusyHoursQuery } from "../generated/graphql";

type Heatmap = NonNullable<BusyHoursQuery["heatmap"]>;

const locale = navigator.language;
const names = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
const whole = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
const level = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
/** 1 January 2024 was a Monday. */
const dayOf = (weekday: number) => new Date(Date.UTC(2024, 0, weekday));
const STEPS = 5;

export function Busy({ heatmap }: { heatmap: Heatmap | undefined }) {
  const sessions = heatmap?.metrics.sessions;
  const levels = sessions?.perOccurrence ?? [];
  const most = Math.max(0, ...levels.map((one) => one ?? 0));
  return (
    <Card title="Busy hours" about={summarise(heatmap)} area="area-busy">
      <div className="busy-table" tabIndex={0} role="region" aria-label="Sessions by weekday and hour, table">
        <table>
          <caption className="unseen">Sessions per occurrence of each weekday and hour, {heatmap?.timeZone}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="unseen">Weekday</span>
              </th>
              {HOURS.map((hour) => (
                <th key={hour} scope="col" className="number">
                  {String(hour).padStart(2, "0")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {WEEKDAYS.map((weekday) => (
              <tr key={weekday}>
                <th scope="row">{names.format(dayOf(weekday))}</th>
                {HOURS.map((hour) => (
                  <Cell key={hour} value={levels[(weekday - 1) * 24 + hour] ?? null} most={most} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Cell({ value, most }: { value: number | null; most: number }) {
  const step = value === null || most === 0 ? 0 : Math.ceil((value / most) * STEPS);
  const words = value === null ? "This hour has not been there" : level.format(value);
  return (
    <td className={`shade shade-${step}`} title={words} data-value={value ?? ""}>
      <span className="unseen">{words}</span>
    </td>
  );
}

function summarise(heatmap: Heatmap | undefined): string {
  if (!heatmap) return "Reading the hours…";
  const peak = heatmap.metrics.sessions.peak;
  if (!peak?.weekday || peak.hour === null) return "No session in the period.";
  const day = whole.format(dayOf(peak.weekday));
  return `Sessions by local hour, per occurrence of the hour. Busiest: ${day} at ${String(peak.hour).padStart(2, "0")}:00, ${level.format(peak.level)} sessions.`;
}
