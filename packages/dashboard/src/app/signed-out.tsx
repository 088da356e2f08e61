import { text } from "../text/text.ts";
import { LogInForm } from "./log-in.tsx";
import styles from "./signed-out.module.css";
import { useMission } from "./use-mission.ts";

/** The session ended under an open page: what is there stays readable, and logging in goes on from here. */
export function SignedOut() {
  const mission = useMission();
  return (
    <section className={styles.panel} aria-labelledby="signed-out">
      <h2 id="signed-out">{text.logIn.endedTitle}</h2>
      <p role="alert">{text.logIn.ended}</p>
      <LogInForm onDone={() => mission.signedIn()} />
    </section>
  );
}
