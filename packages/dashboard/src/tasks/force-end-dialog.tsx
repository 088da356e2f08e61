import { runText } from "../text/run-text.ts";
import { text } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";

interface ForceEndDialogProps {
  /** The task's title, with what cannot be seen shown. */
  title: string;
  onClose(): void;
  onEnd(): void;
}

/** Asks twice before an attempt is ended whose outcome nobody knows. */
export function ForceEndDialog({ title, onClose, onEnd }: ForceEndDialogProps) {
  return (
    <Dialog title={runText.silence.endTitle(title)} description={runText.silence.endHint} onClose={onClose}>
      <DialogActions>
        <Button onClick={onClose}>{text.back}</Button>
        <Button
          kind="danger"
          onClick={() => {
            onClose();
            onEnd();
          }}
        >
          {runText.silence.end}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
