/** GraphiQL with our sign-in and recipes. */
import { HISTORY_PLUGIN, GraphiQL } from "graphiql";
// Not graphiql/style.css: that one carries two more font families and the editor's styles a second time.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import { useEffect, useMemo, useRef } from "react";
import { useKey } from "../access/key";
import { SignIn } from "../access/sign-in";
import { Header } from "../design/header";
import { useTheme } from "../design/theme";
import { createFetcher } from "./fetcher";
import "./page.css";
import { isPhone, RECIPE_PLUGIN } from "./recipe-panel";
import { RECIPES } from "./recipes";
import { keepTabsReadable } from "./tabs";
import "./workers";

const PLUGINS = [RECIPE_PLUGIN, HISTORY_PLUGIN];

export function GraphiqlPage() {
  const key = useKey();
  if (!key) return <SignIn purpose="To explore the API, with the rights of your key." />;
  return <Workbench key={key} />;
}

function Workbench() {
  const fetcher = useMemo(createFetcher, []);
  const theme = useTheme();
  const place = useRef<HTMLElement>(null);
  useEffect(() => (place.current ? keepTabsReadable(place.current) : undefined), []);
  return (
    <div className="graphiql-page">
      <Header current="/graphiql" />
      <main ref={place}>
        <h1 className="unseen">GraphiQL</h1>
        <GraphiQL
          fetcher={fetcher}
          plugins={PLUGINS}
          visiblePlugin={isPhone() ? "" : RECIPE_PLUGIN}
          defaultQuery={RECIPES[0]?.text ?? ""}
          defaultEditorToolsVisibility={false}
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
          forcedTheme={theme}
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
        </GraphiQL>
      </main>
    </div>
  );
}
