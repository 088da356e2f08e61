import { useQuery } from "@tanstack/react-query";
import { useId, useState, useSyncExternalStore } from "react";
import { basePath } from "../../api/base-path.ts";
import { logOut, type SessionEntry } from "../../api/session.ts";
import { type Density, density } from "../../app/density.ts";
import { notificationsOn, setNotifications } from "../../app/desktop-notifications.ts";
import type { KeptChoice } from "../../app/kept-choice.ts";
import { type Theme, theme } from "../../app/theme.ts";
import { useMission } from "../../app/use-mission.ts";
import { useSession } from "../../app/use-session.ts";
import { settingsText } from "../../text/settings-text.ts";
import { text } from "../../text/text.ts";
import { describeBrowser } from "../../text/user-agent.ts";
import { Button } from "../../ui/button.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { Ago, Moment } from "../../ui/time.tsx";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const DENSITIES: readonly Density[] = ["comfortable", "compact"];

/** What belongs to this browser, and who else is logged in. */
export function SettingsPage() {
  return (
    <div className={styles.page}>
      <Appearance choice={theme} values={THEMES} title={settingsText.theme} name={text.theme} />
      <Appearance
        choice={density}
        values={DENSITIES}
        title={settingsText.density}
        name={settingsText.densities}
        hint={settingsText.densityHint}
      />
      <Notifications />
      <Sessions />
    </div>
  );
}

interface AppearanceProps<Value extends string> {
  choice: KeptChoice<Value>;
  values: readonly Value[];
  title: string;
  name: Readonly<Record<Value, string>>;
  hint?: Readonly<Record<Value, string>>;
}

/** How the pages of this browser look, in one respect. */
function Appearance<Value extends string>({ choice, values, title, name, hint }: AppearanceProps<Value>) {
  const now = useSyncExternalStore(choice.subscribe, () => choice.value);
  const group = useId();
  return (
    <fieldset className={styles.choice}>
      <legend>
        <h2>{title}</h2>
      </legend>
      {values.map((one) => (
        <label key={one}>
          <input type="radio" name={group} checked={now === one} onChange={() => choice.choose(one)} />
          <strong>{name[one]}</strong>
          {hint ? <span>{hint[one]}</span> : null}
        </label>
      ))}
    </fieldset>
  );
}

function Notifications() {
  const [on, setOn] = useState(notificationsOn);
  const [refused, setRefused] = useState(false);
  return (
    <section className={styles.section} aria-labelledby="notifications">
      <h2 id="notifications">{settingsText.notifications}</h2>
      <p className={styles.quiet}>{settingsText.notificationsHint}</p>
      <div className={styles.actions}>
        <Button
          icon="bell"
          aria-pressed={on}
          onClick={async () => {
            const now = await setNotifications(!on);
            setRefused(!on && !now);
            setOn(now);
          }}
        >
          {on ? settingsText.notificationsOff : settingsText.notificationsOn}
        </Button>
      </div>
      {refused ? (
        <p className={styles.bad} role="alert">
          {settingsText.notificationsRefused}
        </p>
      ) : null}
    </section>
  );
}

function Sessions() {
  const { api, queries, notices, held } = useMission();
  const session = useSession();
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: async ({ signal }) => (await api.get<{ items: SessionEntry[] }>("/api/sessions", signal)).items,
  });
  async function leave() {
    try {
      // Without a session, what is still held back could not be sent any more.
      await held.sendAll();
      await logOut(api);
      location.assign(`${basePath()}/`);
    } catch (error) {
      notices.error((error as Error).message);
    }
  }
  async function end(id: string) {
    try {
      await api.call({ method: "DELETE", path: `/api/sessions/${encodeURIComponent(id)}` });
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    } catch (error) {
      notices.error((error as Error).message);
    }
  }
  return (
    <section className={styles.section} aria-labelledby="sessions">
      <h2 id="sessions">{settingsText.sessions}</h2>
      <p className={styles.quiet}>{settingsText.sessionsHint}</p>
      {sessions.error && !sessions.data ? (
        <Failure error={sessions.error} retry={() => void sessions.refetch()} />
      ) : null}
      {sessions.isLoading ? <Skeleton lines={3} /> : null}
      {sessions.data ? (
        <div className={styles.frame}>
          <table className={`${styles.table} ${styles.stacked}`}>
            <thead>
              <tr>
                <th>{settingsText.browser}</th>
                <th>{settingsText.since}</th>
                <th className={styles.minor}>{settingsText.until}</th>
                <th>
                  <span className="visually-hidden">{settingsText.end}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sessions.data.map((entry) => {
                const browser = describeBrowser(entry.userAgent);
                const own = entry.id === session.id;
                return (
                  <tr key={entry.id}>
                    <th scope="row" title={entry.userAgent}>
                      {browser} {own ? <Badge tone="good">{settingsText.here}</Badge> : null}
                    </th>
                    <td>
                      <Ago at={entry.createdAt} />
                    </td>
                    <td className={styles.minor}>
                      <Moment at={entry.expiresAt} />
                    </td>
                    <td className={styles.number}>
                      {own ? (
                        <Button onClick={() => void leave()}>{settingsText.logOut}</Button>
                      ) : (
                        <Button
                          kind="danger"
                          aria-label={settingsText.endOf(browser)}
                          onClick={() => void end(entry.id)}
                        >
                          {settingsText.end}
                        </Button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
