import { Lexer, type Token, type Tokens } from "marked";
import { createElement, Fragment, type ReactNode, useMemo } from "react";
import { MAX_DRAWN } from "../text/limits.ts";
import { Foreign } from "./foreign.tsx";
import styles from "./markdown.module.css";
import { safeLink } from "./safe-link.ts";

/**
 * Markdown as React elements: tokens become elements of a fixed set, and everything else stays text. No HTML is made
 * or passed on anywhere, so nothing needs to be cleaned out of it.
 */
export default function MarkdownRendered({ children }: { children: string }) {
  const tokens = useMemo(() => new Lexer({ gfm: true }).lex(children.slice(0, MAX_DRAWN)), [children]);
  return <div className={styles.markdown}>{blocks(tokens)}</div>;
}

function blocks(tokens: readonly Token[]): ReactNode {
  return inOrder(tokens.map(block));
}

/** Children that never change places, since a text is lexed once: they need no keys. */
function inOrder(children: readonly ReactNode[]): ReactNode {
  return createElement(Fragment, null, ...children);
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return <p className={styles.heading}>{inline(token.tokens ?? [])}</p>;
    case "paragraph":
      return <p>{inline(token.tokens ?? [])}</p>;
    case "text":
      return token.tokens ? inline(token.tokens) : <Words>{token.text}</Words>;
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
        <pre tabIndex={0}>
          <code>
            <Words>{token.text}</Words>
          </code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>;
    case "hr":
      return <hr />;
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    default:
      return (
        <p>
          <Words>{token.raw}</Words>
        </p>
      );
  }
}

function list(token: Tokens.List): ReactNode {
  const items = inOrder(
    token.items.map((item) =>
      createElement(
        "li",
        null,
        item.task ? <input type="checkbox" checked={item.checked ?? false} disabled readOnly /> : null,
        blocks(item.tokens.filter(({ type }) => type !== "checkbox")),
      ),
    ),
  );
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function table(token: Tokens.Table): ReactNode {
  const row = (cells: readonly Tokens.TableCell[], kind: "th" | "td") =>
    createElement(
      "tr",
      null,
      ...cells.map((cell) =>
        createElement(kind, { "data-align": cell.align ?? undefined }, inline(cell.tokens)),
      ),
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <div className={styles.table} tabIndex={0}>
      <table>
        <thead>{row(token.header, "th")}</thead>
        {createElement("tbody", null, ...token.rows.map((cells) => row(cells, "td")))}
      </table>
    </div>
  );
}

function inline(tokens: readonly Token[]): ReactNode {
  return inOrder(tokens.map(phrase));
}

function phrase(token: Token): ReactNode {
  switch (token.type) {
    case "text":
      return token.tokens ? inline(token.tokens) : <Words>{token.text}</Words>;
    case "escape":
      return <Words>{token.text}</Words>;
    case "strong":
      return <strong>{inline(token.tokens ?? [])}</strong>;
    case "em":
      return <em>{inline(token.tokens ?? [])}</em>;
    case "del":
      return <del>{inline(token.tokens ?? [])}</del>;
    case "codespan":
      return (
        <code>
          <Words>{token.text}</Words>
        </code>
      );
    case "br":
      return <br />;
    case "link":
      return <Anchor href={token.href}>{inline(token.tokens ?? [])}</Anchor>;
    case "image":
      // An image would tell its server who reads, and when: it becomes a link.
      return <Anchor href={token.href}>{token.text || token.href}</Anchor>;
    default:
      return <Words>{token.raw}</Words>;
  }
}

function Anchor({ href, children }: { href: string; children: ReactNode }) {
  const safe = safeLink(href);
  if (!safe) return children;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow" title={safe}>
      {children}
    </a>
  );
}

function Words({ children }: { children: string }) {
  return <Foreign max={MAX_DRAWN}>{children}</Foreign>;
}
