import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { density } from "./app/density.ts";
import { theme } from "./app/theme.ts";
import "./styles/tokens.css";
import "./styles/base.css";

tellBegun();
theme.apply();
density.apply();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root.");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

/** To public/boot.js, which loads the page again while this script does not come. */
function tellBegun(): void {
  document.documentElement.dataset.begun = "true";
  try {
    sessionStorage.removeItem("mission-control.boot");
  } catch {
    // Then it did not count either.
  }
}
