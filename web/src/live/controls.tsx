import { ChatbotChoice, ZoneChoice } from "../design/choices";
import type { WorkspaceQuery } from "../generated/graphql";
import type { Selection } from "./selection";

type Props = {
  readonly workspace: WorkspaceQuery | undefined;
  readonly selection: Selection;
  readonly change: (change: Partial<Selection>) => void;
};

export function ViewControls({ workspace, selection, change }: Props) {
  return (
    <div className="controls">
      <ChatbotChoice chatbots={workspace?.chatbots.nodes} chosen={selection.chatbot} choose={(chatbot) => change({ chatbot })} />
      <ZoneChoice workspaceZone={workspace?.workspace.timeZone} own={selection.ownZone} choose={(ownZone) => change({ ownZone })} />
    </div>
  );
}
