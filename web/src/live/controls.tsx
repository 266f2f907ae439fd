import type { WorkspaceQuery } from "../generated/graphql";
import { browserZone } from "../design/address";
import { PERIODS, type PeriodName, type Selection } from "./selection";

type Change = (change: Partial<Selection>) => void;

type ViewControlsProps = { readonly workspace: WorkspaceQuery | undefined; readonly selection: Selection; readonly change: Change };

export function ViewControls({ workspace, selection, change }: ViewControlsProps) {
  const chatbots = workspace?.chatbots.nodes ?? [];
  return (
    <div className="controls">
      <label>
        <span>Chatbot</span>
        <select value={selection.chatbot ?? ""} onChange={(event) => change({ chatbot: event.target.value || null })}>
          <option value="">All chatbots</option>
          {chatbots.map((chatbot) => (
            <option key={chatbot.slug} value={chatbot.slug}>
              {chatbot.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Time zone</span>
        <select value={String(selection.ownZone)} onChange={(event) => change({ ownZone: event.target.value === "true" })}>
          <option value="false">Workspace: {workspace?.workspace.timeZone ?? "…"}</option>
          <option value="true">This browser: {browserZone()}</option>
        </select>
      </label>
    </div>
  );
}

export function PeriodControl({ period, change }: { period: PeriodName; change: Change }) {
  return (
    <fieldset className="segments">
      <legend className="unseen">Period</legend>
      {Object.entries(PERIODS).map(([name, { name: title }]) => (
        <label key={name}>
          <input
            type="radio"
            name="period"
            checked={name === period}
            onChange={() => change({ period: name as PeriodName })}
          />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  );
}
