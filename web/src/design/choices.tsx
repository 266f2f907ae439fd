/** Choices that pages share: which chatbot, whose time zone, one of a few in a row. */
import { browserZone } from "./address";

type Chatbot = { readonly slug: string; readonly name: string };
type ChatbotProps = {
  readonly chatbots: readonly Chatbot[] | undefined;
  readonly chosen: string | null;
  readonly choose: (slug: string | null) => void;
};

export function ChatbotChoice({ chatbots, chosen, choose }: ChatbotProps) {
  return (
    <label>
      <span>Chatbot</span>
      <select value={chosen ?? ""} onChange={(event) => choose(event.target.value || null)}>
        <option value="">All chatbots</option>
        {chatbots?.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

type ZoneProps = { readonly workspaceZone: string | undefined; readonly own: boolean; readonly choose: (own: boolean) => void };

export function ZoneChoice({ workspaceZone, own, choose }: ZoneProps) {
  return (
    <label>
      <span>Time zone</span>
      <select value={String(own)} onChange={(event) => choose(event.target.value === "true")}>
        <option value="false">Workspace: {workspaceZone ?? "…"}</option>
        <option value="true">This browser: {browserZone()}</option>
      </select>
    </label>
  );
}

type SegmentsProps<Name extends string> = {
  readonly legend: string;
  readonly options: Readonly<Record<Name, { readonly name: string }>>;
  readonly chosen: Name;
  readonly choose: (name: Name) => void;
};

export function Segments<Name extends string>({ legend, options, chosen, choose }: SegmentsProps<Name>) {
  return (
    <fieldset className="segments">
      <legend className="unseen">{legend}</legend>
      {(Object.keys(options) as Name[]).map((name) => (
        <label key={name}>
          <input type="radio" name={legend} checked={name === chosen} onChange={() => choose(name)} />
          <span>{options[name].name}</span>
        </label>
      ))}
    </fieldset>
  );
}
