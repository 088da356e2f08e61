import type { PermissionRequest } from "@mission-control/protocol";
import { useEffect, useState } from "react";
import { runText } from "../../../text/run-text.ts";
import { Button } from "../../../ui/button.tsx";
import { Foreign } from "../../../ui/foreign.tsx";
import { QUESTION_ID } from "../permission-card.tsx";
import styles from "./composer.module.css";

/** That the agent asks, where the question itself is not on the screen: it stands above the transcript. */
export function AsksLine({ request }: { request: PermissionRequest }) {
  const [isHidden, setIsHidden] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question is another card
  useEffect(() => {
    const card = document.getElementById(QUESTION_ID);
    if (!card) return;
    const watch = new IntersectionObserver(([seen]) => setIsHidden(seen?.isIntersecting === false));
    watch.observe(card);
    return () => watch.disconnect();
  }, [request.id]);
  if (!isHidden) return null;
  const show = () => {
    const card = document.getElementById(QUESTION_ID)?.closest("section");
    card?.scrollIntoView({ block: "center" });
    card?.querySelector<HTMLElement>("form :is(input, textarea, select, button)")?.focus();
  };
  return (
    <p className={styles.asks} role="status">
      <strong>{runText.message.waits}</strong>
      <span className={styles.asked}>
        <Foreign max={200}>{request.title}</Foreign>
      </span>
      <Button onClick={show}>{runText.message.show}</Button>
    </p>
  );
}
