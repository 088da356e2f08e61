import type { DeliveryView, WebhookEndpointView } from "@mission-control/protocol";
import { type FormEvent, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "../../ui/table.module.css";
import { EditEndpoint } from "./edit-endpoint.tsx";
import { Secret } from "./secret.tsx";
import { ENDPOINTS } from "./use-webhooks.ts";

interface EndpointDialogProps {
  endpoint: WebhookEndpointView;
  onClose(): void;
}

/** One endpoint, and what can be done with it. */
export function EndpointDialog({ endpoint, onClose }: EndpointDialogProps) {
  const { call, isBusy, told } = useEndpointCalls(endpoint.id);
  const [asked, setAsked] = useState<"edit" | "replay" | "remove" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  if (secret !== null) return <Secret secret={secret} hint={text.rotated} onClose={onClose} />;
  if (asked === "edit") return <EditEndpoint endpoint={endpoint} onClose={() => setAsked(null)} />;
  if (asked === "replay") return <Replay endpoint={endpoint} onClose={onClose} />;
  if (asked === "remove") return <Remove endpoint={endpoint} onClose={onClose} />;
  const test = () =>
    call<DeliveryView>("POST", "/test", undefined, ({ tries: [made] }) =>
      made?.error === undefined
        ? { words: text.tested(made?.durationMs ?? 0, made?.status), isGood: true }
        : { words: made.error, isGood: false },
    );
  const rotate = () =>
    call<{ secret: string }>("POST", "/rotate", {}, (answer) => {
      setSecret(answer.secret);
      return null;
    });
  const isOff = endpoint.status === "off";
  return (
    <Dialog title={endpoint.description ?? endpoint.url} onClose={onClose}>
      <dl className={styles.facts}>
        <div>
          <dt>{text.url}</dt>
          <dd>
            <Foreign max={2_048}>{endpoint.url}</Foreign>
          </dd>
        </div>
        <div>
          <dt>{text.format}</dt>
          <dd>{text.formats[endpoint.format]}</dd>
        </div>
        <div>
          <dt>{text.state}</dt>
          <dd>
            {text.status[endpoint.status]}
            {endpoint.statusReason ? `. ${endpoint.statusReason}` : ""}
          </dd>
        </div>
        {endpoint.quiet || endpoint.digestMinutes ? (
          <div>
            <dt>{text.rules}</dt>
            <dd>{rulesIn(endpoint)}</dd>
          </div>
        ) : null}
        {endpoint.answers ? (
          <div>
            <dt>{text.answersFrom}</dt>
            <dd>
              {text.answersOn(endpoint.answers.users?.length ?? 0)}
              {endpoint.answersError === undefined ? null : (
                <span className={styles.under}>
                  {text.noAnswers} <Foreign max={300}>{endpoint.answersError}</Foreign>
                </span>
              )}
            </dd>
          </div>
        ) : null}
      </dl>
      <p role="status" className={told?.isGood ? styles.good : styles.bad}>
        {told?.words}
      </p>
      <DialogActions>
        <Button disabled={isBusy} onClick={test}>
          {text.test}
        </Button>
        <Button disabled={isBusy} onClick={() => setAsked("edit")}>
          {text.edit}
        </Button>
        <Button disabled={isBusy} onClick={() => call("PATCH", "", { enabled: isOff }, () => null)}>
          {isOff ? text.switchOn : text.switchOff}
        </Button>
        <Button disabled={isBusy} onClick={rotate}>
          {text.rotate}
        </Button>
        <Button disabled={isBusy} onClick={() => setAsked("replay")}>
          {text.replay}
        </Button>
        <Button kind="danger" disabled={isBusy} onClick={() => setAsked("remove")}>
          {text.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** When people are told. */
function rulesIn({ quiet, digestMinutes, passes = [] }: WebhookEndpointView): string {
  const parts = [
    ...(quiet ? [text.quietFrom(quiet.from, quiet.to, quiet.timeZone)] : []),
    ...(digestMinutes === undefined ? [] : [text.digestOf(digestMinutes)]),
    ...(passes.length === 0 ? [] : [text.atOnce(passes.map((kind) => text.notice[kind]).join(", "))]),
  ];
  return parts.join("; ");
}

interface Told {
  words: string;
  isGood: boolean;
}

/** Calls that are about one endpoint, one at a time, and what is to be said of the last. */
function useEndpointCalls(id: string) {
  const { api, queries } = useMission();
  const [isBusy, setIsBusy] = useState(false);
  const [told, setTold] = useState<Told | null>(null);
  const call = <Answer,>(
    method: "POST" | "PATCH" | "DELETE",
    action: string,
    body: object | undefined,
    done: (answer: Answer) => Told | null,
  ) => {
    setIsBusy(true);
    setTold(null);
    api
      .call<Answer>({ method, path: `${ENDPOINTS}/${encodeURIComponent(id)}${action}`, body })
      .then(async (answer) => {
        await queries.invalidateQueries({ queryKey: ["webhooks"] });
        setTold(done(answer));
      })
      .catch((error: Error) => setTold({ words: error.message, isGood: false }))
      .finally(() => setIsBusy(false));
  };
  return { call, isBusy, told };
}

function Replay({ endpoint, onClose }: EndpointDialogProps) {
  const { notices } = useMission();
  const { call, isBusy, told } = useEndpointCalls(endpoint.id);
  const [since, setSince] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    call("POST", "/replay", { since: new Date(since).toISOString() }, () => {
      notices.info(text.replayed);
      onClose();
      return null;
    });
  };
  return (
    <Dialog title={text.replay} description={text.replayHint} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Field label={text.since} error={told?.words}>
          {(id, describedBy) => (
            <input
              id={id}
              aria-describedby={describedBy}
              type="datetime-local"
              required
              value={since}
              onChange={(event) => setSince(event.target.value)}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{common.back}</Button>
          <Button kind="primary" submit disabled={isBusy}>
            {text.resend}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Remove({ endpoint, onClose }: EndpointDialogProps) {
  const { call, isBusy, told } = useEndpointCalls(endpoint.id);
  const remove = () =>
    call("DELETE", "", undefined, () => {
      onClose();
      return null;
    });
  return (
    <Dialog title={text.removeTitle} description={text.removeHint} onClose={onClose}>
      <p>
        <Foreign max={2_048}>{endpoint.url}</Foreign>
      </p>
      {told ? <p className={styles.bad}>{told.words}</p> : null}
      <DialogActions>
        <Button onClick={onClose}>{common.back}</Button>
        <Button kind="danger" disabled={isBusy} onClick={remove}>
          {text.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
