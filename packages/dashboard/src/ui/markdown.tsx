import { lazy, Suspense } from "react";
import { MAX_DRAWN } from "../text/limits.ts";
import { Foreign } from "./foreign.tsx";

const Rendered = lazy(() => import("./markdown-rendered.tsx"));

/** Foreign Markdown. Until the renderer is here, the same words as plain text. */
export function Markdown({ children }: { children: string }) {
  return (
    <Suspense
      fallback={
        <p style={{ whiteSpace: "pre-wrap" }}>
          <Foreign max={MAX_DRAWN}>{children}</Foreign>
        </p>
      }
    >
      <Rendered>{children}</Rendered>
    </Suspense>
  );
}
