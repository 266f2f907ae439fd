/** The signed-in frame around the pages. */
import { useMemo, type ReactNode } from "react";
import { Provider } from "urql";
import { useKey } from "../access/key";
import { SignIn } from "../access/sign-in";
import { createApiClient } from "../api/client";
import { Header, type PageAddress } from "../design/header";
import { ExplorePage } from "../explore/page";
import { LivePage } from "../live/page";

export function Dashboard() {
  const key = useKey();
  if (!key) return <SignIn purpose="To see the figures of your workspace." />;
  return <SignedIn key={key} apiKey={key} />;
}

const PAGES: readonly { readonly address: PageAddress; readonly Content: () => ReactNode }[] = [
  { address: "/explore", Content: ExplorePage },
  { address: "/", Content: LivePage },
];

function SignedIn({ apiKey }: { apiKey: string }) {
  const page = PAGES.find(({ address }) => location.pathname.startsWith(address)) ?? { address: "/", Content: LivePage };
  const client = useMemo(() => createApiClient(apiKey), [apiKey]);
  return (
    <Provider value={client}>
      <Header current={page.address} />
      <page.Content />
    </Provider>
  );
}
