import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { acceptKeyFromFragment } from "./access/key";
import { applyTheme } from "./design/theme";
import "./design/tokens.css";
import "./design/base.css";
import { GraphiqlPage } from "./graphiql/page";

applyTheme();
acceptKeyFromFragment();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <GraphiqlPage />
    </StrictMode>,
  );
}
