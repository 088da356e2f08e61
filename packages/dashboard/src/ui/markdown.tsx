import { Suspense } from "react";
import { MAX_DRAWN } from "../text/limits.ts";
import { Foreign } from "./foreign.tsx";
import { lazyPart } from "./lazy-part.tsx";

interface MarkdownProps {
  children: string;
}

const Rendered = lazyPart<MarkdownProps>(
  async () => (await import("./markdown-rendered.tsx")).default,
  Plain,
);

/** Foreign Markdown. Until the renderer is here, the same words as plain text. */
export function Markdown(props: MarkdownProps) {
  return (
    <Suspense fallback={<Plain {...props} />}>
      <Rendered {...props} />
    </Suspense>
  );
}

function Plain({ children }: MarkdownProps) {
  return (
    <p style={{ whiteSpace: "pre-wrap" }}>
      <Foreign max={MAX_DRAWN}>{children}</Foreign>
    </p>
  );
}
