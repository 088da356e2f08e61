import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { basePath } from "../../api/base-path.ts";
import { logOut, type SessionEntry } from "../../api/session.ts";
import { notificationsOn, setNotifications } from "../../app/desktop-notifications.ts";
import { readTheme, saveTheme, type Theme } from "../../app/theme.ts";
import { useMission } from "../../app/use-mission.ts";
import { useSession } from "../../app/use-session.ts";
import { text } from "../../text/text.ts";
import { describeBrowser } from "../../text/user-agent.ts";
import { Button } from "../../ui/button.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { Ago, Moment } from "../../ui/time.tsx";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** What belongs to this browser, and who else is logged in. */
export function SettingsPage() {
  return (
    <div className={styles.page}>
      <Appearance />
      <Notifications />
      <Sessions />
    </div>
  );
}

function Appearance() {
  const [theme, setTheme] = useState(readTheme);
  return (
    <fieldset className={styles.choice}>
      <legend>
        <h2>{text.settings.theme}</h2>
      </legend>
      {THEMES.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="theme"
            checked={theme === one}
            onChange={() => {
              saveTheme(one);
              setTheme(one);
            }}
          />
          <strong>{text.theme[one]}</strong>
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
      <h2 id="notifications">{text.settings.notifications}</h2>
      <p className={styles.quiet}>{text.settings.notificationsHint}</p>
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
          {on ? text.settings.notificationsOff : text.settings.notificationsOn}
        </Button>
      </div>
      {refused ? (
        <p className={styles.bad} role="alert">
          {text.settings.notificationsRefused}
        </p>
      ) : null}
    </section>
  );
}

function Sessions() {
  const { api, queries, notices } = useMission();
  const session = useSession();
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: async ({ signal }) => (await api.get<{ items: SessionEntry[] }>("/api/sessions", signal)).items,
  });
  async function leave() {
    try {
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
      <h2 id="sessions">{text.settings.sessions}</h2>
      <p className={styles.quiet}>{text.settings.sessionsHint}</p>
      {sessions.error && !sessions.data ? (
        <Failure error={sessions.error} retry={() => void sessions.refetch()} />
      ) : null}
      {sessions.isLoading ? <Skeleton lines={3} /> : null}
      {sessions.data ? (
        <div className={styles.frame}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th>{text.settings.browser}</th>
                <th>{text.settings.since}</th>
                <th>{text.settings.until}</th>
                <th>
                  <span className="visually-hidden">{text.settings.end}</span>
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
                      {browser} {own ? <Badge tone="good">{text.settings.here}</Badge> : null}
                    </th>
                    <td>
                      <Ago at={entry.createdAt} />
                    </td>
                    <td>
                      <Moment at={entry.expiresAt} />
                    </td>
                    <td className={styles.number}>
                      {own ? (
                        <Button onClick={() => void leave()}>{text.settings.logOut}</Button>
                      ) : (
                        <Button
                          kind="danger"
                          aria-label={text.settings.endOf(browser)}
                          onClick={() => void end(entry.id)}
                        >
                          {text.settings.end}
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
