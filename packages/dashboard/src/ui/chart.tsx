import { Suspense } from "react";
import styles from "./chart.module.css";
import type { ChartProps } from "./chart-props.ts";
import { lazyPart } from "./lazy-part.tsx";

const Drawn = lazyPart(async () => (await import("./chart-drawn.tsx")).default);

/** A chart over time. The drawing library is loaded when the first one is shown. */
export function Chart(props: ChartProps) {
  const { title, hint, series, summary, empty } = props;
  const hasData = series.some(({ values }) => values.some((value) => value !== null && value !== 0));
  return (
    <figure className={styles.figure}>
      <figcaption>
        <h2>{title}</h2>
        {hint ? <p className={styles.hint}>{hint}</p> : null}
        <ul className={styles.legend}>
          {series.map(({ label, color }) => (
            <li key={label}>
              <svg aria-hidden="true" width="10" height="10" viewBox="0 0 10 10">
                <rect width="10" height="10" rx="2" fill={`var(${color})`} />
              </svg>
              {label}
            </li>
          ))}
        </ul>
      </figcaption>
      <div className={styles.plot} role="img" aria-label={summary}>
        {hasData ? (
          <Suspense>
            <Drawn {...props} />
          </Suspense>
        ) : (
          <p className={styles.empty}>{empty}</p>
        )}
      </div>
    </figure>
  );
}
