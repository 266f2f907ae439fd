/** The signed-in frame around the pages. */
import { useMemo } from "react";
import { Provider } from "urql";
import { useKey } from "../access/key";
import { SignIn } from "../access/sign-in";
import { createApiClient } from "../api/client";
import { Header } from "../design/header";
import { LivePage } from "../live/page";

export function Dashboard() {
  const key = useKey();
  if (!key) return <SignIn purpose="To see the figures of your workspace." />;
  return <SignedIn key={key} apiKey={key} />;
}

function SignedIn({ apiKey }: { apiKey: string }) {
  const client = useMemo(() => createApiClient(apiKey), [apiKey]);
  return (
    <Provider value={client}>
      <Header current="/" />
      <LivePage />
    </Provider>
  );
}
