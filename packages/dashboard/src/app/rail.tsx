import { Link, useLocation } from "@tanstack/react-router";
import { Suspense, useEffect, useRef, useState } from "react";
import { basePath } from "../api/base-path.ts";
import { text } from "../text/text.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { lazyPart } from "../ui/lazy-part.tsx";
import { useDismissal } from "../ui/use-dismissal.ts";
import { JOB_PAGES, type PAGES, SYSTEM_PAGES } from "./pages.ts";
import styles from "./rail.module.css";
import { useLive } from "./use-mission.ts";

const ViewList = lazyPart(
  async () => (await import("../views/view-list.tsx")).ViewList,
  // They are a way to what is there without them.
  () => null,
);

interface RailProps {
  narrow: boolean;
  onToggle(): void;
}

/** The way to every page, at the left; at the bottom of a phone, where the rarer pages are behind a button. */
export function Rail({ narrow, onToggle }: RailProps) {
  const [more, setMore] = useState(false);
  const waiting = useLive((mission) => mission.waiting);
  const rail = useRef<HTMLElement>(null);
  const { href } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: wherever it leads, what was open was for getting there
  useEffect(() => setMore(false), [href]);
  useDismissal(
    rail,
    () => more,
    () => setMore(false),
  );
  return (
    <nav ref={rail} className={`${styles.rail} ${narrow ? styles.narrow : ""}`} aria-label={text.shell.pages}>
      <div className={styles.brand}>
        <img src={`${basePath()}/favicon.svg`} alt="" width={20} height={20} />
        <span>{text.product}</span>
      </div>
      <div className={styles.groups}>
        <ul className={styles.jobs}>
          {JOB_PAGES.map((page) => (
            <li key={page.to}>
              <PageLink page={page} waiting={page.to === "/inbox" ? waiting : null} />
            </li>
          ))}
          <li className={styles.more}>
            <button
              type="button"
              className={styles.item}
              aria-expanded={more}
              aria-controls="more-pages"
              onClick={() => setMore(!more)}
            >
              <Icon name="more" />
              <span className={styles.name}>{text.shell.more}</span>
            </button>
          </li>
        </ul>
        <div id="more-pages" className={styles.rest} data-open={more}>
          <div className={styles.views}>
            <Suspense>
              <ViewList />
            </Suspense>
          </div>
          <section aria-labelledby="system-pages">
            <h2 id="system-pages">{text.shell.system}</h2>
            <ul>
              {SYSTEM_PAGES.map((page) => (
                <li key={page.to}>
                  <PageLink page={page} waiting={null} />
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
      <IconButton
        icon="collapse"
        label={narrow ? text.shell.widen : text.shell.narrow}
        aria-expanded={!narrow}
        className={styles.collapse}
        onClick={onToggle}
      />
    </nav>
  );
}

interface PageLinkProps {
  page: (typeof PAGES)[number];
  waiting: number | null;
}

function PageLink({ page: { to, icon, label }, waiting }: PageLinkProps) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      title={label}
      className={styles.item}
    >
      <Icon name={icon} />
      <span className={styles.name}>{label}</span>
      {waiting ? <b className={styles.waiting}>{waiting}</b> : null}
    </Link>
  );
}
