import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { acceptKeyFromFragment } from "./access/key";
import { Dashboard } from "./dashboard/dashboard";
import { applyTheme } from "./design/theme";
import "./design/tokens.css";
import "./design/base.css";

applyTheme();
acceptKeyFromFragment();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Dashboard />
    </StrictMode>,
  );
}
