import type { PermissionRequest } from "@mission-control/protocol";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "./task.module.css";

interface PermissionCardProps {
  request: PermissionRequest;
  disabled: boolean;
  onAnswer: (optionId: string) => void;
}

/** What an agent asks: what it is about to do, the changes it would make, and the answers. */
export function PermissionCard({ request, disabled, onAnswer }: PermissionCardProps) {
  return (
    <section className={styles.asks} aria-labelledby="asks">
      <h2 id="asks">{text.task.asks}</h2>
      <p>
        <Foreign max={4_096}>{request.title}</Foreign>
      </p>
      {request.diff ? (
        <CodeBlock label={text.task.diff} foreign>
          {request.diff}
        </CodeBlock>
      ) : null}
      <div className={styles.actions}>
        {request.options.map(({ optionId, name, kind }) => (
          <Button
            key={optionId}
            kind={kind?.startsWith("reject") ? "danger" : "plain"}
            disabled={disabled}
            onClick={() => onAnswer(optionId)}
          >
            <Foreign max={80}>{name}</Foreign>
          </Button>
        ))}
      </div>
    </section>
  );
}
